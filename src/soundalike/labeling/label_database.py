"""The file with the labels of an archive, ``labels.sqlite``: its tables, how it is opened, errors.

steps     what undo takes back at once; the state of a step is "done", "undone", or "dropped" if it
          was undone and can no longer be redone
history   a row for each span that a step changed; rows are never deleted

Every change is one transaction of SQLite. So a kill loses at most the change that is being made,
and several processes may use the file at once.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from soundalike.archive.head import ArchiveError
from soundalike.runtime.lock import InUseError

LABELS = "labels.sqlite"
FORMAT = 1  # raise it when a version cannot read the labels of the next one
APPLICATION_ID = 0x536C6162  # in the header of the file: it is ours
PATIENCE_S = 30.0  # another process may be writing
TABLES = """
CREATE TABLE steps (id INTEGER PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE history (
    id INTEGER PRIMARY KEY,
    step INTEGER NOT NULL REFERENCES steps (id),
    recording TEXT NOT NULL,
    start_s REAL NOT NULL,
    end_s REAL NOT NULL,
    label TEXT NOT NULL,
    value INTEGER,
    was INTEGER,
    origin TEXT NOT NULL,
    who TEXT NOT NULL,
    time TEXT NOT NULL
);
CREATE INDEX history_of_span ON history (recording, start_s, end_s, label);
CREATE INDEX history_of_step ON history (step);
"""


@contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection | None]:
    """Open the labels of an archive to read them; None if there are none yet.

    Args:
        folder: of the archive.

    Raises:
        ArchiveError: the file is damaged, or of a newer format.
        InUseError: another process has been writing for long.
    """
    path = folder / LABELS
    if not path.exists():
        yield None
        return
    with _plain_errors(path), closing(_connect(path, "rw")) as connection:
        connection.execute("BEGIN")
        yield connection if _is_begun(connection, path) else None


@contextmanager
def writing(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open the labels of an archive for one change, which is committed at the end.

    Args:
        folder: of the archive.

    Raises:
        ArchiveError: the file is damaged, or of a newer format.
        InUseError: another process has been writing for long.
        OSError: the disk is full, or the file may not be written; nothing has been changed.
    """
    path = folder / LABELS
    with _plain_errors(path), closing(_connect(path, "rwc")) as connection:
        connection.execute("BEGIN IMMEDIATE")
        if not _is_begun(connection, path):
            for statement in TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")
        yield connection
        connection.execute("COMMIT")  # closing without it takes the change back


def version_of(folder: Path) -> int:
    """Return a number that differs after every change of the labels of an archive."""
    try:
        with (folder / LABELS).open("rb") as file:
            return int.from_bytes(file.read(28)[24:], "big")  # SQLite's file change counter
    except FileNotFoundError:
        return 0


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    address = f"{path.resolve().as_uri()}?mode={mode}"
    return sqlite3.connect(address, uri=True, timeout=PATIENCE_S, isolation_level=None)


def _is_begun(connection: sqlite3.Connection, path: Path) -> bool:
    """Return whether a file has our tables; it has none if its creation was interrupted.

    Raises:
        ArchiveError: it is of a newer format, or not ours.
    """
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (n_tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not n_tables:
        return False
    if application != APPLICATION_ID:
        raise ArchiveError(f"{path}: holds no labels of soundalike: move it away.")
    if number > FORMAT:
        raise ArchiveError(
            f"{path}: labels of format {number}, written by a newer version of soundalike; this "
            f"one reads format {FORMAT}: update soundalike."
        )
    return True


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    """Turn errors of SQLite into one plain line."""
    try:
        yield
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # a message may quote any bytes
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says more than we need
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise InUseError(
                f"{path}: another process has been writing labels for {PATIENCE_S:.0f} seconds: "
                "wait until it ends, and try again."
            ) from None
        numbers = {
            sqlite3.SQLITE_FULL: errno.ENOSPC,
            sqlite3.SQLITE_READONLY: errno.EACCES,
            sqlite3.SQLITE_CANTOPEN: errno.EACCES,
            sqlite3.SQLITE_PERM: errno.EACCES,
            sqlite3.SQLITE_IOERR: errno.EIO,
        }
        if code in numbers:
            raise OSError(numbers[code], os.strerror(numbers[code]), str(path)) from None
        raise ArchiveError(
            f"{path}: damaged ({error}): put back a copy of it, or move it away to begin without "
            "labels."
        ) from None
