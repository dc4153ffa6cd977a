"""The exact index: a matrix product with all vectors."""

import numpy as np
from numpy.typing import NDArray

from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.neighbors import Neighbors
from soundalike.archive.vector_lengths import lengths_of


class ExactIndex:
    """Compares a vector with every row. Vectors may be in memory or memory-mapped.

    Centered vectors are not stored. The product of a centered row and a query is that of the row
    less that of its background, and there are few backgrounds. So a query takes one product with
    the rows as they are, with backgrounds or without.

    Args:
        ids: of the rows.
        vectors: of the rows, of any length; a row of zeros is like nothing.
        backgrounds: If not None, the mean of its stretch is subtracted from the vector of each row
            before it is compared. A similarity is then less than a cosine, the more so the less a
            window differs from its background: the direction of a small difference is chance.

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
        self._means: NDArray[np.float32] | None = None  # of the backgrounds of these rows
        if backgrounds:
            stretches, self._mean_of_row = np.unique(backgrounds.of_rows(ids), return_inverse=True)
            self._means = backgrounds.means[stretches]
            self._norms = backgrounds.norms_of_rows(ids, vectors)
        else:
            lengths = lengths_of(vectors)
            self._norms = np.where(lengths > 1e-12, lengths, np.inf).astype(np.float32)

    def __len__(self) -> int:
        return len(self.ids)

    def similarities(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the similarity of every row to a vector, a cosine if nothing is subtracted.

        Shape:
            vector: [dim]; result: [rows].
        """
        unit = np.asarray(vector, np.float32) / max(float(np.linalg.norm(vector)), 1e-12)
        products = self.vectors @ unit
        if self._means is not None:
            products -= (self._means @ unit)[self._mean_of_row]
        return (products / self._norms).astype(np.float32, copy=False)

    def nearest(self, vector: NDArray[np.float32], k: int) -> Neighbors:
        """Return the k most similar rows, or all if there are fewer; see `Index`."""
        return best_of(self.ids, self.similarities(vector), k)


def best_of(ids: NDArray[np.int64], similarities: NDArray[np.float32], k: int) -> Neighbors:
    """Return the k most similar of some rows, or all if there are fewer, the best first.

    Of rows that are equally similar, such as copies, the one with the lowest id comes first.

    Shape:
        ids, similarities: [rows].
    """
    best = np.arange(len(similarities))
    if k < len(similarities):
        some = np.argpartition(-similarities, k)[:k]  # of those at the limit, any
        limit = np.nanmin(similarities[some], initial=np.inf)
        above, at_limit = map(np.flatnonzero, (similarities > limit, similarities == limit))
        first = np.argsort(ids[at_limit])[: k - len(above)]
        best = np.concatenate([above, at_limit[first]])
    best = best[np.lexsort((ids[best], -similarities[best]))]
    return Neighbors(ids[best], similarities[best])
