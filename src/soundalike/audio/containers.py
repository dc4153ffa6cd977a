"""The one place that says what a sound file holds: which kind it is, and its streams."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from soundalike.audio.chunks import declared_end
from soundalike.audio.flac import flac_streams
from soundalike.audio.mpeg import mpeg_streams
from soundalike.audio.ogg import ogg_streams
from soundalike.audio.riff import riff_streams
from soundalike.audio.signatures import Kind, kind_of
from soundalike.audio.stream import Stream

_STREAMS: dict[str, Callable[[BinaryIO], list[Stream]]] = {
    "WAV": riff_streams,
    "AIFF": riff_streams,
    "FLAC": flac_streams,
    "MPEG audio": mpeg_streams,
    "Ogg": ogg_streams,
}


@dataclass(frozen=True)
class Contents:
    """What a file holds.

    Args:
        kind: what it is, by its first bytes; None if they say nothing.
        streams: its streams of sound, one after the other, counted.
    """

    kind: Kind | None
    streams: list[Stream]


def contents_of(file: BinaryIO) -> Contents:
    """Say what an open file holds, without decoding it."""
    kind = kind_of(file)
    name = kind.name if kind else ""
    streams = _STREAMS[name](file) if name in _STREAMS else []
    if not streams:
        end, n_bytes = declared_end(file, name), file.seek(0, os.SEEK_END)
        streams = [Stream(share_missing=end / n_bytes - 1 if end else 0.0)]
    return Contents(kind, streams)
