"""The second map of an archive: UMAP, which keeps what is alike together.

UMAP starts from the principal components and from exact neighbors, by a matrix product; its own
search for neighbors takes several times as long. Because it starts there, fewer passes over the
neighbors than umap-learn's 500 are enough. Above 50,000 rows it is fitted to 50,000 of them, and
each of the others is placed at the mean of its nearest fitted rows.
"""

import warnings
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from soundalike.explore.pca import in_square, principal_components, unit_rows

if TYPE_CHECKING:
    from scipy.sparse import coo_matrix

N_NEIGHBORS = 15
MOST_FITTED = 50_000
N_EPOCHS, N_EPOCHS_OF_FEW, FEW_ROWS = 200, 500, 4_000  # 500 of few rows take seconds
SPREAD, LEAST_DISTANCE = 1.0, 0.1
NOISE = 1e-4
N_PLACED_BY = 5
SEED = 0
ROWS_AT_ONCE = 512
FEWEST_ROWS = N_NEIGHBORS + 2


class MapError(Exception):
    """There is no map; the one-line message says why."""

    exit_code = 1


def fitted_rows(n_rows: int) -> NDArray[np.int64]:
    """Return the rows that UMAP is fitted to: all, or 50,000 at random, with a fixed seed."""
    return np.sort(np.random.default_rng(SEED).permutation(n_rows)[:MOST_FITTED])


def fit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the points of vectors on a map, from -1 to 1: the same for the same vectors.

    Too few vectors for neighborhoods are placed by their principal components.

    Shape:
        vectors: [rows, dim]; result: [rows, 2].

    Raises:
        MapError: UMAP fails.
    """
    components = in_square(principal_components(vectors))
    if len(vectors) < FEWEST_ROWS:
        return components
    neighbors, distances = nearest(
        vectors, np.arange(len(vectors)), vectors, N_NEIGHBORS, are_same=True
    )
    from soundalike.explore.neighbor_graph import neighbor_graph  # the server starts without SciPy

    # UMAP divides by the extent of either axis, which rows on a line or a point lack.
    noise = NOISE * np.random.default_rng(SEED).standard_normal(components.shape)
    start = 10 * components + noise.astype(np.float32)
    points = _laid_out(vectors, neighbor_graph(neighbors, distances), start)
    if not np.isfinite(points).all():
        raise MapError("UMAP places some rows nowhere")
    return in_square(points)


def _laid_out(
    vectors: NDArray[np.float32], graph: "coo_matrix", start: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return where UMAP draws a graph of vectors, from a start: [rows, 2]."""
    with warnings.catch_warnings(action="ignore"):  # of modules that are not installed
        from umap.umap_ import find_ab_params, simplicial_set_embedding  # compiles for seconds

    a, b = find_ab_params(SPREAD, LEAST_DISTANCE)
    points, _ = simplicial_set_embedding(
        vectors, graph, n_components=2, initial_alpha=1.0, a=a, b=b, gamma=1.0,
        negative_sample_rate=5, init=start, random_state=np.random.RandomState(SEED),
        n_epochs=N_EPOCHS if len(vectors) > FEW_ROWS else N_EPOCHS_OF_FEW,
        metric="euclidean", metric_kwds={}, densmap=False, densmap_kwds={}, output_dens=False,
    )  # fmt: skip
    return np.asarray(points, np.float32)


def place(
    vectors: NDArray[np.float32],
    rows: NDArray[np.int64],
    fitted: NDArray[np.int64],
    points: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Place rows on a map: each at the mean of its nearest fitted ones, near ones first.

    Shape:
        vectors: [all rows, dim]; rows, fitted: their positions; points: [fitted, 2];
        result: [rows, 2].
    """
    neighbors, distances = nearest(vectors, rows, vectors[fitted], min(N_PLACED_BY, len(fitted)))
    weights = 1 / np.maximum(distances, 1e-3)
    weights /= weights.sum(axis=1, keepdims=True)
    return (points[neighbors] * weights[:, :, None]).sum(axis=1, dtype=np.float32)


def nearest(
    vectors: NDArray[np.float32],
    rows: NDArray[np.int64],
    among: NDArray[np.float32],
    k: int,
    *,
    are_same: bool = False,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the k nearest of some vectors to each row, the nearest first, and their distances.

    Distances are those of the vectors at length 1. Rows are read in blocks, so they may be
    memory-mapped.

    Args:
        vectors: of all rows.
        rows: positions of those whose neighbors are returned.
        among: the vectors that may be neighbors.
        k: number of neighbors.
        are_same: If true, `among` are the vectors of `rows`, and each is its own nearest.

    Shape:
        vectors: [all rows, dim]; among: [n, dim]; results: [rows, k].
    """
    import torch  # its selection of the largest is several times as fast as NumPy's

    columns = torch.from_numpy(unit_rows(among)).T
    neighbors = np.empty((len(rows), k), np.int64)
    distances = np.empty((len(rows), k), np.float32)
    for first in range(0, len(rows), ROWS_AT_ONCE):
        block = slice(first, first + ROWS_AT_ONCE)
        similarities = torch.from_numpy(unit_rows(vectors[rows[block]])) @ columns
        if are_same:
            similarities.diagonal(first).fill_(2)  # above any other
        values, neighbors[block] = similarities.topk(k)
        distances[block] = (2 - 2 * values).clamp_(min=0).sqrt_()
    return neighbors, distances
