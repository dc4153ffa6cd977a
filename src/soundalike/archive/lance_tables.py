"""The tables of an archive in LanceDB: their columns, how they are opened, and their errors.

rows   a row for every window: `ROW_COLUMNS` and its vector
clips  a record for every clip whose rows are written: `CLIP_COLUMNS`; of a long recording several,
       one for each part of its rows, and only the last one says that it is complete

Importing LanceDB takes seconds and starts threads, so it waits until a table is opened.
"""

import errno
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from soundalike.archive.head import ArchiveError, Head
from soundalike.archive.lancedb_import import import_lancedb
from soundalike.runtime.object_storage import ADVICE, is_address

if TYPE_CHECKING:
    import lancedb

Result = TypeVar("Result")

ROWS, CLIPS = "rows", "clips"
ROW_COLUMNS = {
    "id": pa.int64(),
    "recording": pa.string(),
    "path": pa.string(),
    "start_s": pa.float64(),
    "end_s": pa.float64(),
    "label": pa.string(),
    "split": pa.string(),
    "duration_s": pa.float64(),
    "peak_db": pa.float32(),
}
CLIP_COLUMNS = {
    "path": pa.string(),
    "start_s": pa.float64(),
    "end_s": pa.float64(),
    "label": pa.string(),
    "split": pa.string(),
    "size": pa.int64(),
    "mtime_ns": pa.int64(),
    "recording": pa.string(),
    "n_rows": pa.int64(),
    "is_complete": pa.bool_(),
    "next_id": pa.int64(),
}
OF_THE_DISK = {
    errno.ENOSPC,
    errno.EFBIG,
    errno.EDQUOT,
    errno.EIO,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
}
# A writer's caches, of indexes and of all else, would grow with every commit up to 6 GB and 1 GB.
CACHE_BYTES = 4 * 2**20
PANIC = "RustPanic"
CLIP_KEY = ["path", "start_s", "end_s"]


def schema_of(table: str, head: Head) -> pa.Schema:
    """Return the columns of a table of an archive."""
    if table == CLIPS:
        return pa.schema(CLIP_COLUMNS)
    number = pa.float16() if head.half else pa.float32()
    return pa.schema({**ROW_COLUMNS, "vector": pa.list_(number, head.dim)})


def open_table(path: Path, table: str, address: str = "") -> "lancedb.table.Table | None":
    """Open the latest version of a table; None if it does not exist yet.

    Args:
        path: folder of the archive.
        table: its name.
        address: of the tables, if they are in object storage.

    Raises:
        ArchiveError: the table is damaged, or object storage cannot be reached.
    """
    if address:
        with plain_errors(address):
            database = import_lancedb().connect(address)
            has_table = table in database.list_tables().tables
            return database.open_table(table) if has_table else None
    versions = path / f"{table}.lance" / "_versions"  # none if its creation was interrupted
    if not any(versions.glob("*.manifest")):
        return None
    with plain_errors(path):
        return import_lancedb().connect(str(path)).open_table(table)


def create_table(path: Path, table: str, head: Head) -> "lancedb.table.Table":
    """Open the latest version of a table to write, or create it.

    Raises:
        ArchiveError: the table is damaged.
        OSError: the disk is full.
    """
    place = head.tables or path
    with plain_errors(place):
        lancedb = import_lancedb()
        session = lancedb.Session(CACHE_BYTES, CACHE_BYTES)
        database = lancedb.connect(str(place), session=session)
        return database.create_table(table, schema=schema_of(table, head), exist_ok=True)


def require_unused(address: str) -> None:
    """Refuse an address in object storage that has tables; "" is none.

    Raises:
        ArchiveError: it has.
    """
    if address and open_table(Path(), ROWS, address) is not None:
        raise ArchiveError(
            f"{address}: has the tables of another archive: name another address, or copy the "
            "folder of that archive."
        )


def without_rows(columns: Iterable[str]) -> pd.DataFrame:
    """Return a table of some columns of rows or clips, without rows."""
    types = {**ROW_COLUMNS, **CLIP_COLUMNS}
    return pa.schema({name: types[name] for name in columns}).empty_table().to_pandas()


def select(
    table: "lancedb.table.Table", columns: list[str], where: str | None = None
) -> "lancedb.query.LanceQueryBuilder":
    """Return the query for columns of all rows, or of those that meet a condition in SQL."""
    query = table.search().select(columns)
    return query.where(where) if where else query


def vector_batches(
    rows: "lancedb.table.Table", where: str | None = None
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.floating]]]:
    """Yield the ids and the vectors of some rows after the other.

    Args:
        rows: the table of rows.
        where: condition in SQL that rows meet.

    Shape:
        ids: [some rows]; vectors: [some rows, dim].
    """
    for batch in select(rows, ["id", "vector"], where).to_batches():
        numbers = batch["vector"].flatten().to_numpy(zero_copy_only=False)
        yield batch["id"].to_numpy(), numbers.reshape(len(batch), -1)


@contextmanager
def plain_errors(place: Path | str) -> Iterator[None]:
    """Turn errors of LanceDB into one plain line.

    Args:
        place: folder of the archive, or the address of its tables.

    Raises:
        OSError: the disk is full, or may not be written.
        ArchiveError: any other error.
    """
    try:
        yield
    except Exception as error:
        # At some damaged files its threads panic; the class of that error cannot be imported.
        if not isinstance(error, RuntimeError | ValueError | OSError) and (
            type(error).__name__ != PANIC
        ):
            raise
        if isinstance(error, OSError) and error.errno in OF_THE_DISK:
            raise  # of our own flushes and checks
        text = str(error)
        if (number := re.search(r"os error (\d+)", text)) and int(number[1]) in OF_THE_DISK:
            raise OSError(int(number[1]), os.strerror(int(number[1])), str(place)) from None
        reason = " ".join(text.partition("\n")[0].split())[:300]
        if is_address(str(place)):
            raise ArchiveError(f"{place}: cannot be read or written ({reason}): {ADVICE}") from None
        raise ArchiveError(
            f"{place}: the archive cannot be read or written ({reason}): embed the sounds into it "
            "again, which repairs what a crash has left; if that fails too, delete it first."
        ) from None


def twice(attempt: Callable[[], Result], refresh: Callable[[], object] = lambda: None) -> Result:
    """Read, and read again if a writer may have deleted the version that was read.

    Args:
        attempt: reads.
        refresh: called in between.

    Raises:
        ArchiveError: the archive is damaged.
    """
    try:
        return attempt()
    except ArchiveError:
        refresh()
    return attempt()


def quoted(text: str) -> str:
    """Return text as SQL has it.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"
