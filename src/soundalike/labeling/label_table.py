"""The labels that a person gives to windows of an archive, with their history.

A statement says that a span of a recording has a label (value 1) or has it not (value 0). A span is
a window of the archive, or any other part of a recording. It may have several labels. Times are in
seconds in the recording. A recording is known by the hash of its content, as in the rows of the
archive, so labels survive moved and renamed files.
"""

import datetime
import getpass
import math
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from soundalike.labeling.label_database import reading, version_of, writing
from soundalike.labeling.label_name import label_name

# How the listener came to a span: chosen by them; from the queue of what to listen to next; or
# picked at random, which makes estimates from such labels honest.
ORIGINS = ("chosen", "queue", "random")
IN_FORCE = """
SELECT recording, start_s, end_s, label, value, origin, who, time FROM history WHERE id IN (
    SELECT max(history.id) FROM history JOIN steps ON steps.id = step WHERE state = 'done'
    GROUP BY recording, start_s, end_s, label
) AND value IS NOT NULL ORDER BY id
"""
VALUE_OF_SPAN = """
SELECT value FROM history JOIN steps ON steps.id = step
WHERE state = 'done' AND recording = ? AND start_s = ? AND end_s = ? AND label = ?
ORDER BY history.id DESC LIMIT 1
"""
LAST_DONE = "SELECT max(id) FROM steps WHERE state = 'done'"
FIRST_UNDONE = "SELECT min(id) FROM steps WHERE state = 'undone'"
COLUMNS = ["recording", "start_s", "end_s", "label", "value", "origin", "who", "when"]


class Span(NamedTuple):
    """A part of a recording, in seconds."""

    recording: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Change:
    """A step: what was said about some spans at once.

    Args:
        spans: the spans whose statements it changed.
        label: the label.
        value: True if they have it, False if they have it not, None if nothing is said any more.
    """

    spans: list[Span]
    label: str
    value: bool | None


class LabelTable:
    """The labels of an archive; any number of processes may use them at once.

    Nothing is kept in memory, so every call sees what other processes have written.

    Args:
        archive_path: folder of the archive.

    Raises (all methods):
        ArchiveError: the file of labels is damaged, or of a newer format.
        InUseError: another process has been writing to it for long.
        OSError: the disk is full, or the file may not be written; nothing has been changed.
    """

    def __init__(self, archive_path: str | Path) -> None:
        self.path = Path(archive_path)

    def assign(
        self,
        spans: Iterable[tuple[str, float, float]],
        label: str,
        value: bool | None,
        *,
        origin: str = "chosen",
    ) -> Change | None:
        """Say that spans have a label or have it not; all of it is one step for `undo`.

        Args:
            spans: recording, start_s and end_s of each.
            label: any text that `label_name` accepts.
            value: True if they have it, False if they have it not, None to withdraw what was said.
            origin: how the listener came to the spans; one of `ORIGINS`.

        Returns:
            What changed; None if all of it had been said before.

        Raises:
            LabelError: the label is empty or has characters that a label cannot have.
        """
        label = label_name(label)
        if origin not in ORIGINS:
            raise ValueError(f"origin {origin!r} is none of {ORIGINS}")
        unique = list(dict.fromkeys(_checked(*each) for each in spans))
        new = None if value is None else int(value)
        said = (origin, _user(), datetime.datetime.now(datetime.UTC).isoformat())
        with writing(self.path) as connection:
            was = [_value_of(connection, span, label) for span in unique]
            changed = [(span, old) for span, old in zip(unique, was, strict=True) if old != new]
            if not changed:
                return None
            connection.execute("UPDATE steps SET state = 'dropped' WHERE state = 'undone'")
            step = connection.execute("INSERT INTO steps (state) VALUES ('done')").lastrowid
            connection.executemany(
                "INSERT INTO history (step, recording, start_s, end_s, label, value, was, origin, "
                "who, time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                ((step, *span, label, new, old, *said) for span, old in changed),
            )
        return Change([span for span, _ in changed], label, value)

    def undo(self) -> Change | None:
        """Take back the last step; return it, or None if there is none."""
        return self._move(LAST_DONE, "undone")

    def redo(self) -> Change | None:
        """Repeat the step that was taken back last; return it, or None if there is none."""
        return self._move(FIRST_UNDONE, "done")

    def next_undo(self) -> Change | None:
        """Return the step that `undo` would take back, None if there is none."""
        with reading(self.path) as connection:
            return _change_of(connection, LAST_DONE) if connection else None

    def next_redo(self) -> Change | None:
        """Return the step that `redo` would repeat, None if there is none."""
        with reading(self.path) as connection:
            return _change_of(connection, FIRST_UNDONE) if connection else None

    def current(self) -> pd.DataFrame:
        """Return the statements in force, in the order in which they were made.

        recording, start_s, end_s: the span.
        label: its label.
        value: True if it has the label, False if it has it not.
        origin: how the listener came to the span; one of `ORIGINS`.
        who: name of the user.
        when: time in UTC, as in 2026-01-31T12:00:00.5+00:00.
        """
        with reading(self.path) as connection:
            rows = list(connection.execute(IN_FORCE)) if connection else []
        return _table(rows, COLUMNS).astype({"value": bool})

    def names(self) -> list[str]:
        """Return all labels that were ever used and not undone, in the order of their first use."""
        query = (
            "SELECT label FROM history JOIN steps ON steps.id = step WHERE state = 'done' "
            "GROUP BY label ORDER BY min(history.id)"
        )
        with reading(self.path) as connection:
            return [label for (label,) in connection.execute(query)] if connection else []

    def version(self) -> int:
        """Return a number that differs after every change, also of another process."""
        return version_of(self.path)

    def history(self) -> pd.DataFrame:
        """Return all that was ever said, in its order.

        The columns are those of `current`; the value, and `was`, the one before, are 1, 0, or NA if
        nothing was said. `step` counts steps, and `state` is "done", "undone", or "dropped" if the
        step was undone and can no longer be redone.
        """
        columns = [*COLUMNS, "was", "step", "state"]
        query = (
            "SELECT recording, start_s, end_s, label, value, origin, who, time, was, step, state "
            "FROM history JOIN steps ON steps.id = step ORDER BY history.id"
        )
        with reading(self.path) as connection:
            rows = list(connection.execute(query)) if connection else []
        return _table(rows, columns).astype({"value": "Int64", "was": "Int64", "step": "int64"})

    def _move(self, which: str, state: str) -> Change | None:
        with reading(self.path) as connection:  # which does not create the file
            if connection is None:
                return None
        with writing(self.path) as connection:
            change = _change_of(connection, which)
            connection.execute(f"UPDATE steps SET state = ? WHERE id = ({which})", (state,))
        return change


def _change_of(connection: sqlite3.Connection, which: str) -> Change | None:
    """Return the step that a query names."""
    query = f"SELECT recording, start_s, end_s, label, value FROM history WHERE step = ({which})"
    rows = list(connection.execute(f"{query} ORDER BY id"))
    if not rows:
        return None
    *_, label, value = rows[0]
    return Change([Span(*row[:3]) for row in rows], label, None if value is None else bool(value))


def _value_of(connection: sqlite3.Connection, span: Span, label: str) -> int | None:
    row = connection.execute(VALUE_OF_SPAN, (*span, label)).fetchone()
    return row[0] if row else None


def _checked(recording: str, start_s: float, end_s: float) -> Span:
    start_s, end_s = float(start_s), float(end_s)
    if not (recording and 0 <= start_s < end_s < math.inf):
        raise ValueError(f"no part of a recording: {recording!r}, {start_s} to {end_s} s")
    return Span(str(recording), start_s, end_s)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user without a name, as in a container
        return ""


def _table(rows: Iterable[tuple[Any, ...]], columns: list[str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=columns, dtype=object)
    return table.astype({"start_s": float, "end_s": float})
