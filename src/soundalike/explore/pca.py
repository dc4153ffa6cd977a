"""The first map of an archive: the two principal components of its vectors."""

import numpy as np
from numpy.typing import NDArray

ROWS_AT_ONCE = 16_384
MOST_FITTED = 20_000
SEED = 0


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors of length 1, whose distances are those of their directions: [rows, dim]."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def principal_components(vectors: NDArray[np.float32], n: int = 2) -> NDArray[np.float32]:
    """Return the first principal components of unit vectors, each with a fixed sign.

    The axes are those of at most 20,000 of the vectors: more would not turn them visibly. Vectors
    are read in blocks, so they may be memory-mapped.

    Shape:
        vectors: [rows, dim]; result: [rows, n].
    """
    mean, axes = _mean_and_axes(vectors, n)
    components = np.zeros((len(vectors), n), np.float32)
    for block in _blocks(len(vectors)):
        # Projected before they are scaled to length 1, which saves a copy of all vectors.
        some = vectors[block]
        lengths = np.sqrt(np.einsum("ij,ij->i", some, some))
        scale = 1 / np.maximum(lengths, 1e-12)
        components[block, : axes.shape[1]] = (some @ axes) * scale[:, np.newaxis] - mean @ axes
    return components


def _mean_and_axes(
    vectors: NDArray[np.float32], n: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the mean of unit vectors and their principal axes: [dim] and [dim, n or fewer]."""
    n_rows, dim = vectors.shape
    order = np.random.default_rng(SEED).permutation(n_rows)
    fitted = np.sort(order[:MOST_FITTED])
    total, products = np.zeros(dim), np.zeros((dim, dim))
    for block in _blocks(len(fitted)):
        unit = unit_rows(vectors[fitted[block]])
        total += unit.sum(axis=0, dtype=np.float64)
        products += unit.T @ unit
    mean = total / max(len(fitted), 1)
    _, axes = np.linalg.eigh(products / max(len(fitted), 1) - np.outer(mean, mean))
    axes = axes[:, ::-1][:, :n]
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    axes = axes * np.where(largest < 0, -1, 1)
    return mean.astype(np.float32), axes.astype(np.float32)


def _blocks(n_rows: int) -> list[slice]:
    return [slice(first, first + ROWS_AT_ONCE) for first in range(0, n_rows, ROWS_AT_ONCE)]


def in_square(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale points to the square from -1 to 1, both axes alike.

    Shape:
        points and result: [rows, 2].
    """
    if not len(points):
        return points
    low, high = points.min(axis=0), points.max(axis=0)
    half = max(float((high - low).max()) / 2, 1e-12)
    return ((points - (low + high) / 2) / half).astype(np.float32)
