"""The rows of an archive that are most like a vector, one for each recording or all of them."""

import functools
from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.archive.neighbors import Index
from soundalike.archive.window_archive import WindowArchive

FEW_ROWS = 2000  # looked up by their ids; for more, the whole column is read


def best_rows(
    archive: WindowArchive,
    index: Index,
    vector: NDArray[np.float32],
    k: int,
    *,
    all_windows: bool = False,
    without: Collection[int] = (),
) -> pd.DataFrame:
    """Return the rows that are most like a vector, the best first.

    Args:
        archive: the archive.
        index: of its rows, or of those that are searched.
        vector: to compare with.
        k: number of rows; fewer if there are no more.
        all_windows: If true, every row counts. If false, a recording counts once.
        without: ids of rows that are left out.

    Returns:
        The columns of `WindowArchive.rows`, after `similarity`.

    Shape:
        vector: [dim].
    """
    recordings = _Recordings(archive)
    n_rows, n_asked = len(index), k + len(without)
    n_asked = n_asked if all_windows else 4 * n_asked
    while True:
        ids, similarities = index.nearest(vector, n_asked)
        is_wanted = ~np.isin(ids, list(without))
        if not all_windows:
            # With the best first, the first row of a recording is its best window.
            of_recording = pd.Series(recordings.of(ids))[is_wanted]
            is_wanted[is_wanted] = ~of_recording.duplicated().to_numpy()
        if is_wanted.sum() >= k or n_asked >= n_rows:
            break
        n_asked *= 8
    ids, similarities = ids[is_wanted][:k], similarities[is_wanted][:k]
    rows = archive.rows(ids)
    rows.insert(0, "similarity", similarities.astype(float))
    return rows


class _Recordings:
    """The recordings of rows."""

    def __init__(self, archive: WindowArchive) -> None:
        self.archive = archive

    @functools.cached_property
    def _all(self) -> pd.Series:
        rows = self.archive.rows(columns=["id", "recording"])
        return rows.set_index("id")["recording"]

    def of(self, ids: NDArray[np.int64]) -> NDArray[np.object_]:
        """Return the recording of every row: [rows]."""
        if len(ids) <= FEW_ROWS:
            rows = self.archive.rows(ids, columns=["recording"])
            return rows["recording"].to_numpy(object)
        return self._all.loc[ids].to_numpy(object)
