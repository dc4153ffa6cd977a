"""What a user may search for: a file, a part of it, or a row of the archive."""

import os
import re
from dataclasses import dataclass

RANGE = re.compile(r"(?P<path>.+)@(?P<start>\d+(\.\d+)?)-(?P<end>\d+(\.\d+)?)", re.DOTALL)

MOST_DIGITS = 18  # of the id of a row; a longer number is none


class QueryError(Exception):
    """A query cannot be searched for; the one-line message says what to do."""

    exit_code = 2


@dataclass(frozen=True)
class RowQuery:
    """The sound of a row of the archive."""

    id: int

    def __str__(self) -> str:
        return f"row {self.id}"


@dataclass(frozen=True)
class FileQuery:
    """A sound file, or the part of it from `start_s` to `end_s`."""

    path: str
    start_s: float | None = None
    end_s: float | None = None

    def __str__(self) -> str:
        if self.start_s is None:
            return self.path
        return f"{self.path}@{self.start_s:g}-{self.end_s:g}"


def parse_query(text: str) -> RowQuery | FileQuery:
    """Return what a text means: a file, if there is one of that name; a part of one; a row's id.

    >>> parse_query("12")
    RowQuery(id=12)
    >>> parse_query("call.wav@12.5-14")  # doctest: +SKIP
    FileQuery(path='call.wav', start_s=12.5, end_s=14.0)

    Raises:
        QueryError: there is no such file, or the part is empty.
    """
    if not text.strip() or "\0" in text:
        raise QueryError("a query is empty: name a sound, FILE@START-END, or the id of a row.")
    if os.path.exists(text):
        return FileQuery(text)
    if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS:
        return RowQuery(int(text))
    match = RANGE.fullmatch(text)
    if not (match and os.path.exists(match["path"])):
        path = match["path"] if match else text
        raise QueryError(
            f"{path}: no such file: name a sound, FILE@START-END in seconds, or the id of a row."
        )
    start_s, end_s = float(match["start"]), float(match["end"])
    if not start_s < end_s < float("inf"):
        raise QueryError(f"{text}: the part is empty: write FILE@START-END, in seconds.")
    return FileQuery(match["path"], start_s, end_s)
