"""Write to an archive in committed parts; what an interrupted run left is deleted first."""

import datetime
import functools
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from soundalike.archive.clip_rows import conditions_of_clips, latest, runs_of
from soundalike.archive.head import Head
from soundalike.archive.lance_index import build_index, drop_indexes, has_index, has_torn_index
from soundalike.archive.lance_tables import (
    CLIP_KEY,
    CLIPS,
    ROWS,
    create_table,
    plain_errors,
    quoted,
    schema_of,
)
from soundalike.archive.whole_commits import Commits, repair
from soundalike.runtime.freed_memory import returned_memory

if TYPE_CHECKING:
    import lancedb

# Every commit leaves files; this many are joined to a few, and files that nothing uses deleted.
COMMITS_PER_COMPACTION = 64
CONDITIONS_AT_ONCE = 100


class Writer:
    """Adds rows and records of clips to an archive whose lock is held.

    Args:
        path: folder of the archive.
        head: what all its rows have in common.

    Attributes:
        next_id: id of the next row.
        n_added: rows that were added, without those that were taken back.
    """

    def __init__(self, path: Path, head: Head) -> None:
        self.path = path
        self.head = head
        self.place = head.tables or path
        self._commits = Commits(path, head.tables)
        are_torn = [self._commits.delete_torn(table) for table in (ROWS, CLIPS)]
        self._rows = create_table(path, ROWS, head)
        self._clips = create_table(path, CLIPS, head)
        self._n_records = self.n_added = 0
        with plain_errors(self.place):
            # Object storage that cannot be reached must not be taken for a damaged version.
            has_lost_rows = not head.tables and (repair(self._rows) or are_torn[0])
            if not head.tables:
                repair(self._clips)
            if not head.tables and has_torn_index(path, self._rows):
                self._commit(self._rows, lambda: drop_indexes(self._rows))
            self.next_id = self._committed_id()
            if has_lost_rows:
                self._forget_lost_rows()
            without_record = f"id >= {self.next_id}"
            are_without = bool(self._rows.count_rows(without_record))
        if are_without:
            self._commit(self._rows, lambda: self._rows.delete(without_record))
        self._delete_replaced()

    def add(self, rows: pd.DataFrame, vectors: NDArray[np.float32]) -> None:
        """Add rows, which count once `finish` has recorded their clips.

        Args:
            rows: the columns of `ROW_COLUMNS` but the id.
            vectors: of the rows.

        Shape:
            vectors: [rows, dim].
        """
        if not len(rows):
            return
        schema = schema_of(ROWS, self.head)
        numbers = pa.array(np.ascontiguousarray(vectors, np.float32).ravel())
        columns = {
            "id": np.arange(self.next_id, self.next_id + len(rows)),
            **{name: rows[name] for name in schema.names if name not in ("id", "vector")},
        }
        arrays = [pa.array(columns[name], schema.field(name).type) for name in columns]
        vector_type = schema.field("vector").type
        arrays.append(
            pa.FixedSizeListArray.from_arrays(numbers.cast(vector_type.value_type), self.head.dim)
        )
        table = pa.Table.from_arrays(arrays, schema=schema)
        self._commit(self._rows, lambda: self._rows.add(table), len(table))
        self.next_id += len(rows)
        self.n_added += len(rows)

    def take_back(self, ids: NDArray[np.int64]) -> None:
        """Delete rows that were added, and that no record counts yet; their numbers stay unused.

        Args:
            ids: of the rows, increasing.
        """
        for where in _in_steps(runs_of(ids)):
            self._commit(self._rows, functools.partial(self._rows.delete, where))
        self.n_added -= len(ids)

    def finish(self, clips: pd.DataFrame) -> None:
        """Record clips, which commits all rows that were added: from now on they stay.

        The clips may be incomplete: then more of their rows follow, and another record.

        Rows of earlier versions of these clips, whose recordings were others, are deleted.

        Args:
            clips: the columns of `CLIP_COLUMNS` but `next_id`; `n_rows` counts all rows so far.
        """
        if not len(clips):
            return
        schema = schema_of(CLIPS, self.head)
        records = clips.assign(next_id=self.next_id)[schema.names]
        table = pa.Table.from_pandas(records, schema, preserve_index=False)
        self._require_own_rows()
        self._commit(self._clips, lambda: self._clips.add(table), len(table))
        self._n_records += 1
        if self._n_records % COMMITS_PER_COMPACTION == 0:
            self.compact()

    def relabel(self, clips: pd.DataFrame) -> None:
        """Give the rows of clips other labels and splits; `finish` records them.

        Args:
            clips: path, start_s, end_s (NaN where the clip ends with its file), and the new label
                and split.
        """
        if not len(clips):
            return
        conditions_of: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        with plain_errors(self.place):
            for new, conditions in conditions_of_clips(clips, self._rows, self._clips):
                conditions_of[new] += conditions
        for (label, split), conditions in conditions_of.items():
            values = {"label": label, "split": split}
            for where in _in_steps(conditions):
                self._commit(self._rows, functools.partial(self._rows.update, where, values))

    def remove(self, clips: pd.DataFrame) -> None:
        """Delete the records of clips, and all rows of their files.

        The records say first that the clips are incomplete, so an interrupted removal is seen.

        Args:
            clips: their records.
        """
        self.finish(clips.assign(is_complete=False, n_rows=0))
        paths = [f"path = {quoted(path)}" for path in clips["path"].unique()]
        for table in (self._rows, self._clips):
            for conditions in _in_steps(paths):
                self._commit(table, functools.partial(table.delete, conditions))

    def compact(self) -> None:
        """Delete replaced rows, join the files of many commits, and delete those not in use."""
        # The lock keeps other writers out, and readers that miss a file read the latest version.
        # In object storage there may be others, whose files are not to be deleted.
        is_alone = not self.head.tables
        self._delete_replaced()
        with plain_errors(self.place), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*cleanup_older_than")
            for table in (self._rows, self._clips):
                with returned_memory():
                    self._commit(table, table.optimize)
                table.optimize(cleanup_older_than=datetime.timedelta(0), delete_unverified=is_alone)
                self._commits.flush(table)

    def build_index(self) -> None:
        """Build the approximate index (`lance_index`) if there is none; `compact` extends it."""
        with plain_errors(self.place):
            if not has_index(self._rows):
                self._commit(self._rows, lambda: build_index(self._rows))

    def _forget_lost_rows(self) -> None:
        """Remove clips whose rows may be gone, so that they are embedded again."""
        ids = self._rows.search().select(["id"]).to_arrow()["id"].to_numpy()
        records = self._clips.search().where(f"next_id > {ids.max(initial=-1) + 1}")
        self.remove(latest(records.to_arrow().to_pandas()))

    def _commit(
        self, table: "lancedb.table.Table", change: Callable[[], object], n_new: int | None = None
    ) -> None:
        with plain_errors(self.place):
            self._commits.commit(table, change, n_new)

    def _require_own_rows(self) -> None:
        """Raise an InUseError if another writer has added rows since the last commit."""
        if self.head.tables:
            with plain_errors(self.place):
                n_rows = self._rows.count_rows()
                self._rows.checkout_latest()
                self._commits.require(self._rows, n_rows)

    def _committed_id(self) -> int:
        ids = self._clips.search().select(["next_id"]).to_arrow()["next_id"].to_numpy()
        return int(ids.max(initial=0))

    def _delete_replaced(self) -> None:
        """Delete the rows and the records of clips whose files have changed since."""
        columns = [*CLIP_KEY, "recording", "next_id"]
        with plain_errors(self.place):
            records = self._clips.search().select(columns).to_arrow().to_pandas()
        records = records.sort_values("next_id", kind="stable")
        is_replaced = records.duplicated(CLIP_KEY, keep="last")
        versions = zip(records["path"], records["recording"], is_replaced, strict=True)
        replaced: set[tuple[str, str]] = set()
        current: set[tuple[str, str]] = set()
        for path, recording, is_old in versions:
            (replaced if is_old else current).add((path, recording))
        conditions = [
            f"(path = {quoted(path)} AND recording = {quoted(recording)})"
            for path, recording in sorted(replaced - current)
        ]
        for where in _in_steps(conditions):
            for table in (self._rows, self._clips):
                self._commit(table, functools.partial(table.delete, where))


def _in_steps(conditions: list[str]) -> Iterator[str]:
    """Join conditions by OR, so many at a time that SQL can take them."""
    for first in range(0, len(conditions), CONDITIONS_AT_ONCE):
        yield " OR ".join(conditions[first : first + CONDITIONS_AT_ONCE])
