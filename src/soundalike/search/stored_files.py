"""Files that an archive holds, and the rows that stand for them or for their parts."""

from typing import TYPE_CHECKING

import numpy as np

from soundalike.archive.lance_tables import quoted
from soundalike.runtime.file_stamp import file_stamp
from soundalike.search.archive_paths import path_in
from soundalike.search.queries import FileQuery

if TYPE_CHECKING:
    from soundalike.search.archive import Archive

NEAR_S = 0.005  # times in a table have two decimals
# A window stands for a part of a recording if the part is this share of the window, or more: a
# sound of 0.9 s is found better by the window of 2 s around it than by itself, embedded alone
# (docs/results.md).
LEAST_SHARE = 0.4


def rows_of_file(archive: "Archive", query: FileQuery) -> str:
    """Return the condition in SQL of the rows of a file."""
    return f"path = {quoted(path_in(archive.head.root, query.path))}"


def rows_of_unchanged_file(archive: "Archive", query: FileQuery) -> str | None:
    """Return the condition of the rows of a file; None unless all of it is in the archive as is."""
    where = rows_of_file(archive, query)
    records = archive.clips(where)
    if len(records) != 1 or not records[["start_s", "end_s"]].isna().all(axis=None):
        return None
    record = records.iloc[0]
    is_same = (record["size"], record["mtime_ns"]) == file_stamp(query.path)
    if not (is_same and record["is_complete"]):  # incomplete after an interrupted run
        return None
    return f"{where} AND recording = {quoted(record['recording'])}"


def rows_of_query(archive: "Archive", query: FileQuery) -> str | None:
    """Return the condition in SQL of the rows whose mean is the vector of a file, or of a part.

    Those of a part are the windows within it. If there are none, it is the window that shares most
    with the part, unless the part is a small share of it.

    Returns:
        None if the sound is to be embedded by itself.
    """
    where = rows_of_unchanged_file(archive, query)
    if where is None or query.start_s is None or query.end_s is None:
        return where
    rows = archive.rows(where=where, columns=["id", "start_s", "end_s"])
    if len(rows) < 2:  # a clip that is one window is no background of its parts
        return None
    start_s, end_s = rows["start_s"].to_numpy(), rows["end_s"].to_numpy()
    is_within = (start_s > query.start_s - NEAR_S) & (end_s < query.end_s + NEAR_S)
    if is_within.any():
        first, last = rows["id"].to_numpy()[is_within][[0, -1]]
        return f"{where} AND id >= {first} AND id <= {last}"
    shared_s = np.minimum(end_s, query.end_s) - np.maximum(start_s, query.start_s)
    middle_s = np.abs(start_s + end_s - query.start_s - query.end_s) / 2
    best = np.lexsort((middle_s, -shared_s.round(3)))[0]
    is_large = shared_s[best] > LEAST_SHARE * (end_s[best] - start_s[best]) - NEAR_S
    covers = shared_s[best] > (query.end_s - query.start_s) / 2 - NEAR_S
    return f"id = {rows['id'].iloc[best]}" if is_large and covers else None
