"""Commits of LanceDB that are whole, also on a full disk, and that a power cut does not lose.

LanceDB takes a data file whose last write was cut short for a whole one, and commits it. Then the
table cannot be read any more. So every commit is read back, and taken back if that fails. LanceDB
does not wait for the disk either: after a power cut, its last files may be gone, empty, or partly
zeros, also if later files of ours are there. So every commit is flushed, then recorded, and before
a table is opened to write, versions that are not recorded are deleted.

Object storage has a file whole or not at all, and LanceDB asks again if an answer is lost. But no
lock keeps writers on other machines out. So rows are counted.
"""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from soundalike.archive.lance_tables import CLIPS, ROWS
from soundalike.runtime.atomic import flush_folder, remove_partial_files, write_json
from soundalike.runtime.lock import InUseError

if TYPE_CHECKING:
    import lancedb

EVERY_FILE = "path IS NOT NULL"  # a condition for which every file of rows is read
RECORD = "flushed.json"
MANIFESTS = "_versions/*.manifest"  # a file for every version of a table
END_OF_VERSION = b"LANC"


class Commits:
    """Changes tables of an archive.

    Args:
        path: folder of the archive, whose lock is held.
        address: of its tables, if they are in object storage.
    """

    def __init__(self, path: Path, address: str = "") -> None:
        self.path = path
        self.address = address
        self._files: dict[str, dict[Path, tuple[int, int]]] = {}  # those on the disk, by table
        self._versions: dict[str, list[str]] = {}  # the manifests of those on the disk, by table
        remove_partial_files(path / RECORD)
        self._record = _read_record(path)
        if self._record is None and not address and not any(path.glob(f"*.lance/{MANIFESTS}")):
            write_json(path / RECORD, {})
            self._record = {}

    def delete_torn(self, table: str) -> bool:
        """Delete the versions of a table, not yet opened, that a crash may have torn.

        Returns:
            Whether finished clips may have lost rows.
        """
        if self.address:
            return False
        manifests = {path.name: path for path in _manifests(self.path, table)}
        names = manifests.keys()
        recorded = names if self._record is None else names & self._record.get(table, [])
        if self._record and self._record[table] and not recorded:
            recorded = names  # a crash while versions were deleted
        damaged = {name for name in recorded if not _is_whole(manifests[name])}
        for name in names - recorded | damaged:
            manifests[name].unlink()
        self._versions[table] = sorted(recorded - damaged)
        return bool(damaged)

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
            folder = _folder(self.path, table.name)
            self._files[table.name] = flush_folder(folder, self._files.get(table.name, {}))
            self._versions[table.name] = [path.name for path in _manifests(self.path, table.name)]
            write_json(self.path / RECORD, self._versions)

    def require(self, table: "lancedb.table.Table", n_rows: int) -> None:
        """Raise an InUseError if a table in object storage has another number of rows."""
        if self.address and table.count_rows() != n_rows:
            raise InUseError(
                f"{self.address}: another run writes to it, on another machine: run this again "
                "when that one has ended."
            )


def _folder(path: Path, table: str) -> Path:
    return path / f"{table}.lance"


def _manifests(path: Path, table: str) -> list[Path]:
    """Return the manifests of all versions of a table, which need not exist."""
    return sorted(_folder(path, table).glob(MANIFESTS))


def _is_whole(manifest: Path) -> bool:
    return manifest.read_bytes().endswith(END_OF_VERSION)


def _read_record(path: Path) -> dict[str, list[str]] | None:
    """Return the recorded manifests by table; None if there is no record, or it is damaged."""
    try:
        record = json.loads((path / RECORD).read_bytes())
        record = {table: [*map(str, names)] for table, names in record.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return None
    return record if record.keys() in (set(), {ROWS, CLIPS}) else None


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
