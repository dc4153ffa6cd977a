"""The first map of an archive: the two principal components of its vectors."""

import numpy as np
from numpy.typing import NDArray

ROWS_AT_ONCE = 16_384


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors of length 1, whose distances are those of their directions: [rows, dim]."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def principal_components(vectors: NDArray[np.float32], n: int = 2) -> NDArray[np.float32]:
    """Return the first principal components of unit vectors, each with a fixed sign.

    Vectors are read in blocks, so they may be memory-mapped.

    Shape:
        vectors: [rows, dim]; result: [rows, n].
    """
    n_rows, dim = vectors.shape
    total, products = np.zeros(dim), np.zeros((dim, dim))
    blocks = [slice(first, first + ROWS_AT_ONCE) for first in range(0, n_rows, ROWS_AT_ONCE)]
    for block in blocks:
        unit = unit_rows(vectors[block])
        total += unit.sum(axis=0, dtype=np.float64)
        products += unit.T @ unit
    mean = total / max(n_rows, 1)
    _, axes = np.linalg.eigh(products / max(n_rows, 1) - np.outer(mean, mean))
    axes = axes[:, ::-1][:, :n]
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    axes = (axes * np.where(largest < 0, -1, 1)).astype(np.float32)
    components = np.zeros((n_rows, n), np.float32)
    for block in blocks:
        components[block, : axes.shape[1]] = (unit_rows(vectors[block]) - mean) @ axes
    return components


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
