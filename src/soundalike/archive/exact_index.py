"""The exact index: a matrix product with all vectors."""

import numpy as np
from numpy.typing import NDArray

from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.neighbors import Neighbors

ROWS_AT_ONCE = 65_536  # of memory-mapped vectors, whose norms need a copy
NOTHING = 1e-4  # of a vector that is the background of its recording, this share is rounding


class ExactIndex:
    """Compares a vector with every row. Vectors may be in memory or memory-mapped.

    Args:
        ids: of the rows.
        vectors: of the rows, of any length; a row of zeros is like nothing.
        backgrounds: If not None, the mean of its stretch is subtracted from the vector of each row
            before it is compared. Centered vectors are not stored. A similarity is then less than a
            cosine, the more so the less a window differs from its background: the direction of a
            small difference is chance.

    Shape:
        ids: [rows]; vectors: [rows, dim].
    """

    def __init__(
        self,
        ids: NDArray[np.int64],
        vectors: NDArray[np.float32],
        backgrounds: Backgrounds | None = None,
    ) -> None:
        self.ids = ids
        self.vectors = vectors
        self._backgrounds = backgrounds
        self._stretches = backgrounds.of_rows(ids) if backgrounds else np.zeros(0, np.int64)
        blocks = [slice(first, first + ROWS_AT_ONCE) for first in range(0, len(ids), ROWS_AT_ONCE)]
        self._norms = np.concatenate([np.empty(0, np.float32), *map(self._norms_of, blocks)])

    def __len__(self) -> int:
        return len(self.ids)

    def similarities(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the similarity of every row to a vector, a cosine if nothing is subtracted.

        Shape:
            vector: [dim]; result: [rows].
        """
        unit = np.asarray(vector, np.float32) / max(float(np.linalg.norm(vector)), 1e-12)
        products = self.vectors @ unit
        if self._backgrounds:
            products -= (self._backgrounds.means @ unit)[self._stretches]
        return products / self._norms

    def _norms_of(self, rows: slice) -> NDArray[np.float32]:
        """Return what products are divided by; infinite for a row that is like nothing."""
        norms = np.linalg.norm(self.vectors[rows], axis=1)
        least, spreads = np.maximum(NOTHING * norms, 1e-12), np.zeros_like(norms)
        if self._backgrounds:
            stretches = self._stretches[rows]
            spreads = self._backgrounds.spreads[stretches]
            norms = np.linalg.norm(self.vectors[rows] - self._backgrounds.means[stretches], axis=1)
        return np.where(norms > least, np.hypot(norms, spreads), np.float32(np.inf))

    def nearest(self, vector: NDArray[np.float32], k: int) -> Neighbors:
        """Return the k most similar rows, or all if there are fewer; see `Index`."""
        similarities = self.similarities(vector)
        best = np.arange(len(similarities))
        if k < len(similarities):
            best = np.argpartition(-similarities, k)[:k]
        best = best[np.lexsort((self.ids[best], -similarities[best]))]
        return Neighbors(self.ids[best], similarities[best])
