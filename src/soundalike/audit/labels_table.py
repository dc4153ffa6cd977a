"""``labels.csv`` while pages are open: read again when it has changed, written on top of that.

Each change is written at once, atomically, under a lock of the folder, and on top of what the file
holds at that moment. So a kill loses at most the change that is being written, and what another
program has changed meanwhile stays. Every page says up to which moment it knows the table, and is
told what has changed since.
"""

import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from soundalike.audit.labels_text import LabelsText
from soundalike.explore.sounds import NoSuchRowError
from soundalike.runtime.atomic import remove_partial_files, write_text
from soundalike.runtime.file_stamp import file_stamp, settled_stamp
from soundalike.runtime.lock import locked

KEY = ["path", "start_s", "end_s", "label"]  # if these change, it is another table


class OutdatedError(Exception):
    """The table that a page knows has been replaced by another one."""

    exit_code = 1

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} has been written anew.")


@dataclass(frozen=True)
class Mark:
    """A moment of a table.

    Args:
        table: name of the table, which changes when its rows are others.
        version: number of changes of its rows until then.
    """

    table: str
    version: int


class LabelsTable:
    """The rows of an audit, in the order of the file, for any number of threads and programs.

    Args:
        path: of ``labels.csv``.

    Raises:
        TableError: the file cannot be read.
        InUseError: another run is at work in its folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._file: LabelsText
        self._rows: pd.DataFrame
        self._stamp: tuple[int, int]
        self._name: str
        self._log: list[int]  # the rows that have changed, in the order of the changes
        self._read()
        with locked(path.parent):
            remove_partial_files(path)

    def rows(self) -> tuple[Mark, pd.DataFrame]:
        """Return the rows as they are now; see `LabelsText.table`.

        Raises:
            TableError: the file has been changed and cannot be read any more.
        """
        with self._lock:
            self._refresh()
            return self._mark, self._rows.copy()

    def changed_since(self, mark: Mark) -> tuple[Mark, pd.DataFrame]:
        """Return the rows that have changed since a moment.

        Raises:
            OutdatedError: the moment is one of another table.
            TableError: as in `rows`.
        """
        with self._lock:
            self._refresh()
            self._check(mark)
            changed = sorted(set(self._log[mark.version :]))
            return self._mark, self._rows.iloc[changed].copy()

    def row(self, number: int) -> pd.Series:
        """Return a row, by its number from 0, as it was at the latest request.

        Raises:
            NoSuchRowError: there is no such row.
        """
        with self._lock:
            if not 0 <= number < len(self._rows):
                raise NoSuchRowError(f"the table has no row {number}: reload the page.")
            return self._rows.iloc[number]

    @contextmanager
    def writing(self, mark: Mark) -> Iterator[pd.DataFrame]:
        """Yield the rows as they are now, and let `write` change them inside.

        Args:
            mark: the latest moment that the page knows.

        Raises:
            OutdatedError, TableError: as in `changed_since`.
            InUseError: another run is at work in the folder.
        """
        with self._lock, locked(self.path.parent):
            self._refresh()
            self._check(mark)
            yield self._rows

    def write(self, updates: Mapping[int, Mapping[str, str]]) -> None:
        """Write new values, inside of `writing`.

        Args:
            updates: by row, the values by column; the columns are the same in all rows.

        Raises:
            OSError: the file cannot be written; nothing has been changed.
        """
        file = self._file.with_cells(updates)
        write_text(self.path, file.text())
        self._file, self._stamp = file, file_stamp(str(self.path))
        for name in next(iter(updates.values()), {}):
            texts = [values[name] for values in updates.values()]
            self._rows.loc[[*updates], name] = [*map(float, texts)] if name == "p_wrong" else texts
        self._log += updates

    @property
    def _mark(self) -> Mark:
        return Mark(self._name, len(self._log))

    def _check(self, mark: Mark) -> None:
        if mark.table != self._name or mark.version > len(self._log):
            raise OutdatedError(self.path)

    def _read(self) -> None:
        """Read the file, and forget what has changed before."""
        stamp = settled_stamp(str(self.path))
        self._file = LabelsText.read(self.path)
        self._rows, self._stamp = self._file.table(), stamp
        self._name, self._log = secrets.token_hex(8), []

    def _refresh(self) -> None:
        """Read the file again if another program has changed it."""
        if file_stamp(str(self.path)) == self._stamp:
            return
        stamp = settled_stamp(str(self.path))
        file = LabelsText.read(self.path)
        rows = file.table()
        if not rows[KEY].equals(self._rows[KEY]):
            self._read()
            return
        is_changed = (rows != self._rows).drop(columns=KEY).any(axis=1)
        self._log += [int(number) for number in rows.index[is_changed]]
        self._file, self._rows, self._stamp = file, rows, stamp
