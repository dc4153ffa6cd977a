"""The graph that UMAP draws: neighbors, and how strongly they hold together.

It is that of umap-learn, whose own code for it compiles for longer than a small map takes.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix

N_HALVINGS = 64
TOLERANCE = 1e-5
LEAST_SHARE = 1e-3  # of the mean distance, below which no width goes


def neighbor_graph(neighbors: NDArray[np.int64], distances: NDArray[np.float32]) -> coo_matrix:
    """Return a symmetric graph of rows, with weights from 0 to 1.

    A neighbor's weight falls with its distance beyond that of the nearest one, by a width at which
    the weights of a row add up to the logarithm of their number. Two weights of a pair become the
    probability that at least one of two independent edges exists.

    Args:
        neighbors: of every row, the row itself first.
        distances: of these neighbors, in increasing order.

    Shape:
        neighbors, distances: [rows, k]; result: [rows, rows].
    """
    n_rows, k = neighbors.shape
    nearest = np.where(distances > 0, distances, np.inf).min(axis=1, keepdims=True)
    nearest[np.isinf(nearest)] = 0
    beyond = np.maximum(distances - nearest, 0)
    weights = np.exp(-beyond / _widths(beyond[:, 1:], np.log2(k), distances))
    weights[neighbors == np.arange(n_rows)[:, np.newaxis]] = 0
    rows = np.repeat(np.arange(n_rows), k)
    directed = coo_matrix((weights.ravel(), (rows, neighbors.ravel())), (n_rows, n_rows)).tocsr()
    directed.eliminate_zeros()
    reverse = directed.T.tocsr()
    return (directed + reverse - directed.multiply(reverse)).tocoo()


def _widths(
    beyond: NDArray[np.float32], target: float, distances: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the width at which the weights of every row add up to a target: [rows, 1].

    Shape:
        beyond: [rows, k - 1]; distances: [rows, k].
    """
    widths = np.ones((len(beyond), 1), np.float32)
    low, high = np.zeros_like(widths), np.full_like(widths, np.inf)
    for _ in range(N_HALVINGS):
        excess = np.exp(-beyond / widths).sum(axis=1, keepdims=True) - target
        high = np.where(excess > TOLERANCE, widths, high)
        low = np.where(excess < -TOLERANCE, widths, low)
        is_open = np.abs(excess) > TOLERANCE
        if not is_open.any():
            break
        middle = np.where(np.isinf(high), 2 * widths, (low + high) / 2)
        widths = np.where(is_open, middle, widths)
    means = distances.mean(axis=1, keepdims=True)
    means[(distances == 0).all(axis=1)] = distances.mean()
    return np.maximum(widths, LEAST_SHARE * means)
