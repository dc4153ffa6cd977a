"""An approximate index, and a scan where so many neighbors are asked for that it is faster.

A search that counts each recording once asks for more rows until they are of enough recordings. In
an archive of few recordings, these are all rows.
"""

import numpy as np
from numpy.typing import NDArray

from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.neighbors import Index, Neighbors
from soundalike.archive.scan_index import ScanIndex
from soundalike.archive.window_archive import WindowArchive

# Of 320,000 rows of 256 numbers, 2,560 neighbors take 0.1 s (0.75 s less backgrounds), 20,480 take
# 1 s (4.7 s), and any number by a scan 0.5 s.
MOST_NEIGHBORS = 4096


class ApproximateIndex:
    """Finds few neighbors by an approximate index, and many by comparing all rows.

    Args:
        few: finds few neighbors.
        archive: the archive.
        where: condition in SQL that rows meet.
        backgrounds: If not None, they are subtracted from the rows; see `ExactIndex`.
    """

    def __init__(
        self,
        few: Index,
        archive: WindowArchive,
        where: str | None = None,
        backgrounds: Backgrounds | None = None,
    ) -> None:
        self.few = few
        self._new_scan = lambda: ScanIndex(archive, where, backgrounds)
        self._scan: tuple[NDArray[np.float32], ScanIndex] | None = None  # of the latest vector

    def __len__(self) -> int:
        return len(self.few)

    def nearest(self, vector: NDArray[np.float32], k: int) -> Neighbors:
        """Return the k rows that are most similar, nearly always; see `Index`."""
        if k <= MOST_NEIGHBORS:
            return self.few.nearest(vector, k)
        # A scan keeps all rows in memory from its second vector on, so every vector has its own.
        if self._scan is None or not np.array_equal(vector, self._scan[0]):
            self._scan = np.array(vector, np.float32), self._new_scan()
        return self._scan[1].nearest(vector, k)
