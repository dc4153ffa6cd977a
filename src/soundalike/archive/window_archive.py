"""An archive on disk: a row and a vector for every window, and a record of every complete clip.

archive.json   what all rows have in common (`Head`)
model/         the model that made the vectors
rows.lance/    the rows, with their vectors as the model makes them: not scaled, not centered
clips.lance/   the clips whose rows are written
               both may be in object storage instead, where `Head.tables` says
flushed.json   which versions of tables in the folder are on the disk
*.npz          what is computed for searches (`stored_arrays`), and the map; can be deleted

Rows are written before the record of their clips. So rows without a record are what an interrupted
run left, and the next writer deletes them. Times are in seconds in the sound file.
"""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.archive.clip_rows import latest
from soundalike.archive.head import (
    MODEL,
    Head,
    is_archive,
    read_head,
    require_new,
    write_head,
)
from soundalike.archive.lance_tables import (
    CLIP_COLUMNS,
    CLIPS,
    ROW_COLUMNS,
    ROWS,
    open_table,
    plain_errors,
    require_unused,
    select,
    twice,
    vector_batches,
    without_rows,
)
from soundalike.archive.large_array import large_array, reordered
from soundalike.archive.one_moment import rows_with_vectors
from soundalike.archive.writer import Writer
from soundalike.runtime.atomic import remove_partial_files
from soundalike.runtime.counts import counted
from soundalike.runtime.lock import locked

if TYPE_CHECKING:
    import lancedb

Result = TypeVar("Result")


class WindowArchive:
    """An archive of windows; use `open` or `create`.

    Any number of processes may read it while one writes. What another process has added since is
    seen after `refresh`.

    Attributes:
        path: its folder.
        head: what all rows have in common.
        place: where its tables are: its folder, or an address in object storage.
    """

    def __init__(self, path: Path, head: Head) -> None:
        self.path = path
        self.head = head
        self.place: Path | str = head.tables or path

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open an archive.

        Raises:
            ArchiveError: there is none, its format is newer, or it is damaged.
        """
        return cls(Path(path), read_head(Path(path)))

    @classmethod
    def create(
        cls, path: str | Path, head: Head, save_model: Callable[[Path], Any] | None = None
    ) -> Self:
        """Create an empty archive, or open one that was created in the meantime.

        Args:
            path: its folder, which does not exist, is empty, or is that of an interrupted creation.
            head: what all rows have in common.
            save_model: writes the model into a folder.

        Raises:
            ArchiveError: the folder or the address holds something else; see `require_new`.
            InUseError: another run is writing it.
            OSError: a file cannot be written.
        """
        path = Path(path)
        require_new(path, head.tables)
        path.mkdir(parents=True, exist_ok=True)
        with locked(path):
            if is_archive(path):
                return cls.open(path)
            require_unused(head.tables)
            remove_partial_files(path)
            if save_model:
                save_model(path / MODEL)
            write_head(path, head)
        return cls(path, head)

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.count()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r}): {counted(len(self), 'row')}"

    @contextmanager
    def writer(self) -> Iterator[Writer]:
        """Hold the lock of the archive, and write to it.

        Raises:
            InUseError: another run is writing to the archive.
            ArchiveError: the archive is damaged.
            OSError: the disk is full.
        """
        with locked(self.path):
            try:
                yield Writer(self.path, self.head)
            finally:
                self.refresh()

    def move_root(self, root: str) -> None:
        """Record another folder that paths are relative to, after the sounds have been moved."""
        self.head = dataclasses.replace(self.head, root=root)
        with locked(self.path):
            write_head(self.path, self.head)

    def refresh(self) -> None:
        """Read the latest version of the tables from now on."""
        self.__dict__.pop("row_table", None)

    def count(self, where: str | None = None) -> int:
        """Return the number of rows, of all or of those for which a condition in SQL holds."""
        return self.read(lambda rows: rows.count_rows(where)) or 0

    def rows(
        self,
        ids: Iterable[int] | None = None,
        where: str | None = None,
        columns: Iterable[str] = tuple(ROW_COLUMNS),
    ) -> pd.DataFrame:
        """Return rows without their vectors.

        id: number of the row, which never changes.
        recording: hash of the sound file's content.
        path: of the sound file, relative to `head.root`.
        start_s, end_s: of the window in the sound file.
        label, split: of the clip; "" if unknown.
        duration_s: length of the clip.
        peak_db: largest sample of the window, in decibels relative to full scale; above 0 where a
            lossy file is decoded, or a file is resampled, beyond full scale.

        Args:
            ids: of the rows to return, in this order; those that do not exist are left out. By
                default all rows, in the order of their ids.
            where: condition in SQL that rows meet.
            columns: those to return.
        """
        columns = list(columns)
        if ids is not None:
            ids = [int(number) for number in ids]
            where_ids = f"id IN ({', '.join(map(str, ids)) or 'NULL'})"
            where = f"({where}) AND {where_ids}" if where else where_ids

        def read(table: "lancedb.table.Table") -> pd.DataFrame:
            return select(table, [*{*columns, "id"}], where).to_arrow().to_pandas()

        rows = self.read(read)
        if rows is None:
            return without_rows(columns)
        rows = rows.sort_values("id")
        if ids is not None:
            rows = rows.set_index("id", drop=False)
            rows = rows.loc[[number for number in ids if number in rows.index]]
        return rows[columns].reset_index(drop=True)

    def vectors(self, where: str | None = None) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the ids and the vectors of all rows, or of those that meet a condition in SQL.

        Shape:
            ids: [rows], in increasing order; vectors: [rows, dim].
        """

        def read(table: "lancedb.table.Table") -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            n_rows, position = table.count_rows(where), 0
            ids, vectors = np.empty(n_rows, np.int64), large_array(n_rows, self.head.dim)
            for batch in vector_batches(table, where):
                here = slice(position, position + len(batch[0]))
                ids[here], vectors[here] = batch
                position += len(batch[0])
            if (np.diff(ids) < 0).any():
                order = np.argsort(ids)
                return ids[order], reordered(vectors, order)
            return ids, vectors

        return self.read(read) or (np.empty(0, np.int64), np.empty((0, self.head.dim), np.float32))

    def to_pandas(self, where: str | None = None) -> pd.DataFrame:
        """Return the rows with their vectors as a table: the columns of `rows`, and `vector`."""
        rows, vectors = rows_with_vectors(self, where)
        return rows.assign(vector=list(vectors))

    def clips(self, where: str | None = None) -> pd.DataFrame:
        """Return the latest record of each clip: `CLIP_COLUMNS`.

        Args:
            where: condition in SQL on what all records of a clip share, such as its path.
        """

        def attempt() -> pd.DataFrame:
            table = open_table(self.path, CLIPS, self.head.tables)
            if table is None:
                return without_rows(CLIP_COLUMNS)
            with plain_errors(self.place):
                return select(table, [*CLIP_COLUMNS], where).to_arrow().to_pandas()

        return latest(twice(attempt))

    @functools.cached_property
    def row_table(self) -> "lancedb.table.Table | None":
        """The table of rows in LanceDB, at one version; None while there is none."""
        return open_table(self.path, ROWS, self.head.tables)

    def read(self, read: "Callable[[lancedb.table.Table], Result]") -> Result | None:
        """Read from the table of rows; None if there is none.

        A writer may have deleted this version of the table; then the latest one is read.
        """

        def attempt() -> Result | None:
            with plain_errors(self.place):
                return None if self.row_table is None else read(self.row_table)

        return twice(attempt, self.refresh)
