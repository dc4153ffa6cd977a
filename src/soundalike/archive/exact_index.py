"""The exact index: a matrix product with all vectors."""

import numpy as np
from numpy.typing import NDArray

from soundalike.archive.neighbors import Neighbors

ROWS_AT_ONCE = 65_536  # of memory-mapped vectors, whose norms need a copy


class ExactIndex:
    """Compares a vector with every row. Vectors may be in memory or memory-mapped.

    Args:
        ids: of the rows.
        vectors: of the rows, of any length; a row of zeros is like nothing.

    Shape:
        ids: [rows]; vectors: [rows, dim].
    """

    def __init__(self, ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        self.ids = ids
        self.vectors = vectors
        blocks = range(0, len(vectors), ROWS_AT_ONCE)
        norms = [np.linalg.norm(vectors[first : first + ROWS_AT_ONCE], axis=1) for first in blocks]
        self._norms = np.concatenate([np.empty(0, np.float32), *norms])

    def __len__(self) -> int:
        return len(self.ids)

    def similarities(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the cosine similarity of every row to a vector.

        Shape:
            vector: [dim]; result: [rows].
        """
        unit = np.asarray(vector, np.float32) / max(float(np.linalg.norm(vector)), 1e-12)
        return (self.vectors @ unit) / np.maximum(self._norms, 1e-12)

    def nearest(self, vector: NDArray[np.float32], k: int) -> Neighbors:
        """Return the k most similar rows, or all if there are fewer; see `Index`."""
        similarities = self.similarities(vector)
        best = np.arange(len(similarities))
        if k < len(similarities):
            best = np.argpartition(-similarities, k)[:k]
        best = best[np.lexsort((self.ids[best], -similarities[best]))]
        return Neighbors(self.ids[best], similarities[best])
