"""Commits of LanceDB that are whole, also on a full disk.

LanceDB takes a data file whose last write was cut short for a whole one, and commits it. Then the
table cannot be read any more. So every commit is read back, and taken back if that fails.
"""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import lancedb

EVERY_FILE = "path IS NOT NULL"  # a condition that takes a look at every file


def commit_whole(path: Path, table: "lancedb.table.Table", change: Callable[[], object]) -> None:
    """Change a table, and go back to the version before if the new one cannot be read.

    Args:
        path: folder of the archive, for the error.
        table: the table.
        change: commits something to the table.

    Raises:
        OSError: the disk is full; the table is as it was.
    """
    version = table.version
    change()
    if not is_readable(table):
        table.restore(version)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def repair(table: "lancedb.table.Table") -> None:
    """Go back to the latest version that can be read, if the last one cannot."""
    if is_readable(table):
        return
    for version in sorted((each["version"] for each in table.list_versions()), reverse=True)[1:]:
        table.restore(version)
        if is_readable(table):
            return


def is_readable(table: "lancedb.table.Table") -> bool:
    """Return whether all files of a table are there and whole."""
    try:
        table.count_rows(EVERY_FILE)
    except (RuntimeError, ValueError, OSError):
        return False
    return True
