"""The rows of an archive that are most like a vector: one of each recording, of each event, or all.

Silent rows are like nothing: their vectors say nothing about a sound.
"""

import bisect
import functools
from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.archive.neighbors import Index
from soundalike.archive.window_archive import WindowArchive
from soundalike.audio.silence import SILENT_DB

FACTS = ["recording", "start_s", "end_s", "peak_db"]
NEAR_S = 1e-3  # windows that share less do not overlap
FEW_ROWS = 2000  # looked up by their ids; for more, the whole column is read


def best_rows(
    archive: WindowArchive,
    index: Index,
    vector: NDArray[np.float32],
    k: int,
    *,
    all_windows: bool = False,
    distinct: bool = False,
    without: Collection[int] = (),
) -> pd.DataFrame:
    """Return the rows that are most like a vector, the best first.

    Args:
        archive: the archive.
        index: of its rows, or of those that are searched.
        vector: to compare with.
        k: number of rows; fewer if there are no more.
        all_windows: If true, every row counts. If false, a recording counts once.
        distinct: If true, rows that overlap with a better result, or with one that is left out, do
            not count.
        without: ids of rows that are left out.

    Returns:
        The columns of `WindowArchive.rows`, after `similarity`.

    Shape:
        vector: [dim].
    """
    facts = _Facts(archive)
    n_rows, n_asked = len(index), k + len(without)
    n_asked = n_asked if all_windows and not distinct else 4 * n_asked
    while True:
        ids, similarities = index.nearest(vector, n_asked)
        of_rows, is_there = facts.of(ids)
        ids, similarities = ids[is_there], similarities[is_there]
        is_wanted = ~np.isin(ids, list(without)) & ~(of_rows["peak_db"] < SILENT_DB).to_numpy()
        if not all_windows:
            # With the best first, the first row of a recording is its best window.
            is_wanted[is_wanted] = ~of_rows["recording"][is_wanted].duplicated().to_numpy()
        elif distinct:
            own, _ = facts.of(np.array(sorted(without), np.int64))
            is_wanted[is_wanted] = _is_distinct(of_rows[is_wanted], own)
        if is_wanted.sum() >= k or n_asked >= n_rows:
            break
        n_asked *= 8
    rows = of_rows[is_wanted][:k].reset_index(drop=True)
    if "id" not in rows:
        rows = archive.rows(ids[is_wanted][:k])
    rows.insert(0, "similarity", similarities[is_wanted][:k].astype(float))
    return rows


def _is_distinct(rows: pd.DataFrame, others: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which rows overlap with none of the others and no distinct row before: [rows]."""
    is_distinct = np.zeros(len(rows), np.bool_)
    spans: dict[str, list[tuple[float, float]]] = {}  # of each recording, in order
    for recording, start_s, end_s in _places(others):
        bisect.insort(spans.setdefault(recording, []), (start_s, end_s))
    for position, (recording, start_s, end_s) in enumerate(_places(rows)):
        of_recording = spans.setdefault(recording, [])
        after = bisect.bisect(of_recording, (start_s, end_s))
        before_s = of_recording[after - 1][1] if after else -np.inf
        after_s = of_recording[after][0] if after < len(of_recording) else np.inf
        if before_s < start_s + NEAR_S and end_s < after_s + NEAR_S:
            of_recording.insert(after, (start_s, end_s))
            is_distinct[position] = True
    return is_distinct


def _places(rows: pd.DataFrame) -> Iterator[tuple[str, float, float]]:
    return zip(rows["recording"], rows["start_s"], rows["end_s"], strict=True)


class _Facts:
    """Where rows are, their peaks, and all else of few rows."""

    def __init__(self, archive: WindowArchive) -> None:
        self.archive = archive

    @functools.cached_property
    def _all(self) -> pd.DataFrame:
        return self.archive.rows(columns=["id", *FACTS]).set_index("id")

    def of(self, ids: NDArray[np.int64]) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
        """Return the facts of rows, in their order, and which rows there still are.

        A writer may have replaced some since they were indexed.
        """
        if len(ids) <= FEW_ROWS:
            rows = self.archive.rows(ids)
            return rows, np.isin(ids, rows["id"])
        is_there = np.isin(ids, self._all.index)
        return self._all.loc[ids[is_there]], is_there
