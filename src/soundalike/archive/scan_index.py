"""The exact index of a large archive, which reads no vector before it is asked."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.exact_index import ExactIndex, best_of
from soundalike.archive.lance_tables import vector_batches
from soundalike.archive.neighbors import Neighbors
from soundalike.archive.window_archive import WindowArchive

if TYPE_CHECKING:
    import lancedb

Scores = tuple[NDArray[np.int64], NDArray[np.float32]]  # ids and similarities


class ScanIndex:
    """Compares a first vector with the rows while they are read, and keeps none of them.

    A command that asks once is done then. With the second vector, all rows are read to stay, in an
    `ExactIndex`, which answers all that follow.

    Args:
        archive: the archive.
        where: condition in SQL that rows meet.
        backgrounds: If not None, they are subtracted from the rows; see `ExactIndex`.
    """

    def __init__(
        self,
        archive: WindowArchive,
        where: str | None = None,
        backgrounds: Backgrounds | None = None,
    ) -> None:
        self.archive = archive
        self.where = where
        self.backgrounds = backgrounds
        self._first: tuple[NDArray[np.float32], Scores] | None = None  # a vector and its scores
        self._index: ExactIndex | None = None

    def __len__(self) -> int:
        return self.archive.count(self.where)

    def nearest(self, vector: NDArray[np.float32], k: int) -> Neighbors:
        """Return the k most similar rows, or all if there are fewer; see `Index`."""
        if self._index is None and self._first is None:
            self._first = np.array(vector, np.float32), self._scan(vector)
        if self._first and np.array_equal(vector, self._first[0]):
            return best_of(*self._first[1], k)  # of the same search, which asks for more rows
        if self._index is None:
            self._index = ExactIndex(*self.archive.vectors(self.where), self.backgrounds)
            self._first = None
        return self._index.nearest(vector, k)

    def _scan(self, vector: NDArray[np.float32]) -> Scores:
        """Return the ids of all rows and their similarities to a vector: [rows] each."""

        def read(table: "lancedb.table.Table") -> list[Scores]:
            return [
                (ids, self._similarities(ids, vectors.astype(np.float32, copy=False), vector))
                for ids, vectors in vector_batches(table, self.where)
            ]

        batches = self.archive.read(read) or [(np.empty(0, np.int64), np.empty(0, np.float32))]
        ids, similarities = zip(*batches, strict=True)
        return np.concatenate(ids), np.concatenate(similarities)

    def _similarities(
        self, ids: NDArray[np.int64], vectors: NDArray[np.float32], vector: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        return ExactIndex(ids, vectors, self.backgrounds).similarities(vector)
