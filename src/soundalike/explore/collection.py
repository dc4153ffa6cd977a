"""The rows of an archive as the page needs them: a point each, in the order of their ids.

The page gets what it has for every row as arrays of numbers; names come one row at a time. So
200,000 rows are a few megabytes.
"""

import functools
import threading
from collections.abc import Collection as Ids
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.archive.one_moment import vectors_of
from soundalike.explore.sounds import NoSuchRowError, Stretch
from soundalike.search.archive import Archive
from soundalike.search.archive_paths import full_path
from soundalike.search.queries import FileQuery

MOST_CATEGORIES = 2**16 - 1
QUIETEST_DB, LOUDEST_DB = -60.0, 0.0  # the ends of the scale of colors


@dataclass(frozen=True)
class Categories:
    """A name for every row, as numbers.

    Args:
        names: the different names, the most frequent first.
        codes: of every row, the position of its name.
        has_none: If true, the last name is "", of the rows that have none.

    Shape:
        codes: [rows].
    """

    names: list[str]
    codes: NDArray[np.uint16]
    has_none: bool = False


class Collection:
    """The rows of an archive at one moment.

    Args:
        archive: the archive; rows that are added later are not in the collection.

    Attributes:
        archive: the archive.
        rows: of the archive, without vectors; see `WindowArchive.rows`.
        ids: of the rows, in increasing order.
    """

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.rows: pd.DataFrame = archive.rows()
        self.ids: NDArray[np.int64] = self.rows["id"].to_numpy(np.int64)
        self._search_lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.ids)

    def position(self, id: int) -> int:
        """Return the position of a row.

        Raises:
            NoSuchRowError: there is no such row.
        """
        position = int(np.searchsorted(self.ids, id))
        if position == len(self.ids) or self.ids[position] != id:
            raise NoSuchRowError(f"the archive has no row {id}: reload the page.")
        return position

    def row(self, id: int) -> dict[str, Any]:
        """Return a row for the page, with the end of its recording as far as the archive knows it.

        Raises:
            NoSuchRowError: there is no such row.
        """
        position = self.position(id)
        row = self.rows.iloc[position].to_dict()
        return {**row, "recording_end_s": float(self._recording_ends[position])}

    def file_of(self, id: int) -> str:
        """Return the file of a row.

        Raises:
            NoSuchRowError: there is no such row.
        """
        path = self.rows["path"].iloc[self.position(id)]
        return full_path(self.archive.head.root, path)

    def vectors(self) -> NDArray[np.float32]:
        """Read the vectors of the rows: [rows, dim].

        Raises:
            ArchiveError: some have been replaced since; see `vectors_of`.
        """
        return vectors_of(self.archive, self.rows)

    @functools.cached_property
    def labels(self) -> Categories:
        """The label of every row."""
        return categories(self.rows["label"])

    @functools.cached_property
    def folders(self) -> Categories:
        """The folder of every row."""
        folders = {path: str(PurePosixPath(path).parent) for path in self.rows["path"].unique()}
        return categories(self.rows["path"].map(folders))

    @functools.cached_property
    def loudness(self) -> NDArray[np.float32]:
        """The peak of every row on a scale from 0, -60 dB or less, to 1, full scale: [rows]."""
        peak_db = self.rows["peak_db"].to_numpy(np.float32)
        return np.clip((peak_db - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB), 0, 1)

    def matching(self, text: str) -> NDArray[np.uint32]:
        """Return the positions of the rows whose path or label contains a text, in any case.

        Shape:
            result: [matches].
        """
        text = text.casefold().strip()
        is_match = self._searchable.str.contains(text, regex=False).to_numpy(bool)
        return np.flatnonzero(is_match).astype(np.uint32)

    def similar(
        self, ids: Ids[int], k: int, *, unlike: Ids[int] = (), all_windows: bool = False
    ) -> list[dict[str, Any]]:
        """Return the rows that sound most like some rows, the best first.

        These are the best windows of other recordings. If there are fewer than k of them, windows
        follow that do not overlap the rows, of any recording, the best first: so an archive of one
        long recording can be searched too. `is_best` says which is which.

        Args:
            ids: of the rows.
            k: number of rows to return.
            unlike: ids of rows to steer away from.
            all_windows: If true, every window but the rows themselves counts, the best first.

        Raises:
            NoSuchRowError: there is no such row.
            QueryError: the rows are silent.
        """
        rows = [self.row(id) for id in ids]
        for id in unlike:
            self.position(id)
        return self._similar(list(ids), rows, k, list(unlike), all_windows)

    def similar_to_stretch(self, id: int, stretch: Stretch, k: int) -> list[dict[str, Any]]:
        """Return the rows that sound most like a stretch of a row's recording; see `similar`.

        Raises:
            NoSuchRowError: there is no such row.
            QueryError: the stretch is silent, too short, or not in the recording.
            ModelError: the model of the archive cannot be loaded.
        """
        row = {**self.row(id), "start_s": stretch.start_s, "end_s": stretch.end_s}
        query = FileQuery(self.file_of(id), stretch.start_s, stretch.end_s)
        return self._similar(query, [row], k)

    def _similar(
        self,
        query: Any,
        rows: list[dict[str, Any]],
        k: int,
        unlike: list[int] = [],  # noqa: B006  it is not changed
        all_windows: bool = False,
    ) -> list[dict[str, Any]]:
        def hits(n: int, all_windows: bool) -> list[dict[str, Any]]:
            table = self.archive.search(query, n, unlike=unlike, all_windows=all_windows)
            return table[table["id"].isin(self.ids)].to_dict("records")

        with self._search_lock:  # the first search reads all vectors
            if all_windows:
                return hits(k, True)
            own = {row["recording"] for row in rows}
            best = [hit for hit in hits(k + len(own), False) if hit["recording"] not in own][:k]
            if len(best) == k:
                return [{**hit, "is_best": True} for hit in best]
            known = {hit["id"] for hit in best}
            others = [
                hit
                for hit in hits(2 * k + len(known), True)
                if hit["id"] not in known and not any(self.overlap(row, hit) for row in rows)
            ]
        return [{**hit, "is_best": True} for hit in best] + [
            {**hit, "is_best": False} for hit in others[: k - len(best)]
        ]

    @staticmethod
    def overlap(row: dict[str, Any], other: dict[str, Any]) -> bool:
        """Return whether two rows have a part of a recording in common."""
        return bool(
            row["recording"] == other["recording"]
            and row["start_s"] < other["end_s"]
            and other["start_s"] < row["end_s"]
        )

    @functools.cached_property
    def _searchable(self) -> pd.Series:
        return (self.rows["path"] + "\n" + self.rows["label"]).str.casefold()

    @functools.cached_property
    def _recording_ends(self) -> NDArray[np.float64]:
        return self.rows.groupby("path")["end_s"].transform("max").to_numpy(np.float64)


def categories(names: pd.Series) -> Categories:
    """Number the different names of rows, the most frequent first.

    Rare names beyond 65,535 share the last number.
    """
    counts = names.value_counts(sort=False)
    order = sorted(counts.index, key=lambda name: (-counts[name], name))
    number_of = {name: min(number, MOST_CATEGORIES) for number, name in enumerate(order)}
    codes = names.map(number_of).to_numpy(np.uint16) if len(names) else np.empty(0, np.uint16)
    return Categories(order[: MOST_CATEGORIES + 1], codes)
