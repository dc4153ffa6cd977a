"""Commits of LanceDB that are whole, also on a full disk, and that a power cut does not lose.

LanceDB takes a data file whose last write was cut short for a whole one, and commits it. Then the
table cannot be read any more. So every commit is read back, and taken back if that fails. LanceDB
does not wait for the disk either: after a power cut, its last files may be empty or gone, also if
later files of ours are there. So every commit is flushed, and before a table is opened to write,
versions that cannot be read are deleted.

Object storage has a file whole or not at all, and LanceDB asks again if an answer is lost. But no
lock keeps writers on other machines out. So rows are counted.
"""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from soundalike.runtime.atomic import flush_new
from soundalike.runtime.lock import InUseError

if TYPE_CHECKING:
    import lancedb

EVERY_FILE = "path IS NOT NULL"  # a condition for which every file of rows is read
VERSIONS = "_versions"
END_OF_VERSION = b"LANC"


class Commits:
    """Changes tables of an archive.

    Args:
        path: folder of the archive.
        address: of its tables, if they are in object storage.
    """

    def __init__(self, path: Path, address: str = "") -> None:
        self.path = path
        self.address = address
        self._flushed: dict[str, dict[Path, tuple[int, int]]] = {}

    def commit(
        self, table: "lancedb.table.Table", change: Callable[[], object], n_new: int | None = None
    ) -> None:
        """Change a table, and go back to the version before if the new one cannot be read.

        Args:
            table: the table.
            change: commits something to the table.
            n_new: how many rows it adds, if it does nothing else.

        Raises:
            OSError: the disk is full; the table is as it was.
            InUseError: another run has added rows to a table in object storage.
        """
        if self.address:
            n_rows = None if n_new is None else table.count_rows() + n_new
            change()
            if n_rows is not None:
                self.require(table, n_rows)
            return
        version = table.version
        change()
        if not is_readable(table):
            table.restore(version)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        self.flush(table)

    def flush(self, table: "lancedb.table.Table") -> None:
        """Wait until all that was written to a table is on the disk; nothing in object storage.

        Raises:
            OSError: a file cannot be written.
        """
        if not self.address:
            folder = table_folder(self.path, table.name)
            self._flushed[table.name] = flush_new(folder, self._flushed.get(table.name, {}))

    def require(self, table: "lancedb.table.Table", n_rows: int) -> None:
        """Raise an InUseError if a table in object storage has another number of rows."""
        if self.address and table.count_rows() != n_rows:
            raise InUseError(
                f"{self.address}: another run writes to it, on another machine: run this again "
                "when that one has ended."
            )


def table_folder(path: Path, table: str) -> Path:
    """Return the folder of a table of an archive."""
    return path / f"{table}.lance"


def delete_torn_versions(folder: Path) -> bool:
    """Delete versions of a table, not yet opened, whose manifests are not whole.

    Args:
        folder: of the table, which need not exist; lock the archive first.

    Returns:
        Whether there was one.
    """
    manifests = folder.glob(f"{VERSIONS}/*.manifest")
    torn = [path for path in manifests if not path.read_bytes().endswith(END_OF_VERSION)]
    for manifest in torn:
        manifest.unlink()
    return bool(torn)


def repair(table: "lancedb.table.Table") -> bool:
    """Go back to the latest version that can be read, if the last one cannot.

    Returns:
        Whether the last one cannot.
    """
    if is_readable(table):
        return False
    for version in sorted((each["version"] for each in table.list_versions()), reverse=True)[1:]:
        table.restore(version)
        if is_readable(table):
            break
    return True


def is_readable(table: "lancedb.table.Table") -> bool:
    """Return whether all files of a table are there and whole."""
    try:
        table.count_rows(EVERY_FILE)
    except (RuntimeError, ValueError, OSError):
        return False
    return True
