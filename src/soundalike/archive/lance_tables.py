"""The tables of an archive in LanceDB: their columns, how they are opened, and their errors.

rows   a row for every window: `ROW_COLUMNS` and its vector
clips  a record for every clip whose rows are complete: `CLIP_COLUMNS`

Importing LanceDB takes seconds and starts threads, so it waits until a table is opened.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from soundalike.archive.head import ArchiveError, Head

if TYPE_CHECKING:
    import lancedb

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
    "next_id": pa.int64(),
}
CLIP_KEY = ["path", "start_s", "end_s"]


def schema_of(table: str, head: Head) -> pa.Schema:
    """Return the columns of a table of an archive."""
    if table == CLIPS:
        return pa.schema(CLIP_COLUMNS)
    number = pa.float16() if head.half else pa.float32()
    return pa.schema({**ROW_COLUMNS, "vector": pa.list_(number, head.dim)})


def open_table(path: Path, table: str, create: Head | None = None) -> "lancedb.table.Table | None":
    """Open the latest version of a table.

    Args:
        path: folder of the archive.
        table: its name.
        create: head of the archive, to create a table that does not exist.

    Returns:
        The table; None if it does not exist and is not created.

    Raises:
        ArchiveError: the table is damaged.
    """
    with plain_errors(path):
        database = _lancedb().connect(str(path))
        if create is not None:
            schema = schema_of(table, create)
            return database.create_table(table, schema=schema, exist_ok=True)
        versions = path / f"{table}.lance" / "_versions"  # none if its creation was interrupted
        return database.open_table(table) if any(versions.glob("*.manifest")) else None


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turn errors of LanceDB into one plain line.

    Raises:
        OSError: the disk is full.
        ArchiveError: any other error.
    """
    try:
        yield
    except (RuntimeError, ValueError, OSError) as error:
        text = str(error)
        if "No space left" in text or "os error 28" in text:
            raise OSError(28, os.strerror(28), str(path)) from None
        reason = " ".join(text.partition("\n")[0].split())[:300]
        raise ArchiveError(
            f"{path}: the archive cannot be read or written ({reason}): if it is damaged, delete "
            "it and embed the sounds again."
        ) from None


def quoted(text: str) -> str:
    """Return text as SQL has it.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def _lancedb() -> "lancedb":  # type: ignore[valid-type]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lancedb
    return lancedb
