"""The approximate index of centered rows: candidates by an outline, compared by their vectors."""

import numpy as np
from numpy.typing import NDArray

from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.exact_index import ExactIndex, best_of
from soundalike.archive.neighbors import Neighbors
from soundalike.archive.outline import Outline
from soundalike.archive.stored_arrays import stored_or_computed
from soundalike.archive.window_archive import WindowArchive

FILE = "outline.npz"
FEWEST_CANDIDATES = 1000
CANDIDATES_PER_NEIGHBOR = 20


class OutlineIndex:
    """Compares a vector with the outline of every row, and with the vectors of the best.

    Args:
        archive: the archive.
        backgrounds: that are subtracted from its rows.
        where: condition in SQL that rows meet.
    """

    def __init__(
        self, archive: WindowArchive, backgrounds: Backgrounds, where: str | None = None
    ) -> None:
        self.archive = archive
        self.backgrounds = backgrounds
        self._outline = outline_of(archive, backgrounds)
        self._rows = np.arange(len(self._outline.ids))  # positions of those that are searched
        if where:
            ids = archive.rows(where=where, columns=["id"])["id"].to_numpy(np.int64)
            self._rows = np.flatnonzero(np.isin(self._outline.ids, ids))

    def __len__(self) -> int:
        return len(self._rows)

    def nearest(self, vector: NDArray[np.float32], k: int) -> Neighbors:
        """Return the k rows that are most similar, nearly always; see `Index`."""
        ids, estimates = self._outline.ids, self._outline.estimates(vector)
        if len(self._rows) < len(ids):
            ids, estimates = ids[self._rows], estimates[self._rows]
        n_candidates = max(FEWEST_CANDIDATES, CANDIDATES_PER_NEIGHBOR * k)
        candidates = np.sort(best_of(ids, estimates, n_candidates).ids)
        where = f"id IN ({', '.join(map(str, candidates.tolist())) or 'NULL'})"
        return ExactIndex(*self.archive.vectors(where), self.backgrounds).nearest(vector, k)


def outline_of(archive: WindowArchive, backgrounds: Backgrounds) -> Outline:
    """Return the outline of the rows of an archive, stored in it if it is large.

    Raises:
        ArchiveError: the archive is damaged.
    """

    def compute() -> Outline:
        return Outline.of(archive, backgrounds)

    if archive.count() != len(backgrounds.ids):  # rows have come or gone since
        return compute()
    return stored_or_computed(archive, FILE, Outline, compute)
