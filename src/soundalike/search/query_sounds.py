"""The sounds of queries, to be heard beside the results."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from soundalike.audio.audio_error import AudioError
from soundalike.audio.sound_file import read_info
from soundalike.search.archive_paths import full_path
from soundalike.search.queries import FileQuery, RowQuery

if TYPE_CHECKING:
    from soundalike.search.archive import Archive

LONGEST_S = 30.0


@dataclass(frozen=True)
class QuerySound:
    """The part of a sound file that a query is.

    Args:
        name: of the query.
        file: the sound file.
        start_s: start of the part, in seconds.
        end_s: its end, 30 s later at most.
    """

    name: str
    file: str
    start_s: float
    end_s: float


def query_sounds(archive: "Archive", queries: list[Any]) -> list[QuerySound]:
    """Return the sounds of queries that are rows of an archive, files, or parts of files.

    Args:
        archive: the archive.
        queries: as `queries_of` returns them.
    """
    sounds = []
    for query in queries:
        if isinstance(query, RowQuery):
            for row in archive.rows([query.id]).itertuples():
                name, file = f"{query}: {row.path}", full_path(archive.head.root, row.path)
                sounds.append(QuerySound(name, file, row.start_s, _end_s(row.start_s, row.end_s)))
        elif isinstance(query, FileQuery):
            start_s = query.start_s or 0.0
            end_s = _duration_s(query.path) if query.end_s is None else query.end_s
            sounds.append(QuerySound(str(query), query.path, start_s, _end_s(start_s, end_s)))
    return sounds


def _end_s(start_s: float, end_s: float) -> float:
    return min(end_s, start_s + LONGEST_S)


def _duration_s(path: str) -> float:
    """Return the length of a file; infinite if it is unknown until the file has been read."""
    try:
        duration_s = read_info(path).duration_s
    except AudioError:  # which the page says when it reads the sound
        return math.inf
    return duration_s if math.isfinite(duration_s) else math.inf
