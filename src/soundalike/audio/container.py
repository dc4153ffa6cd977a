"""Detect sound files that were cut short, by the lengths that their containers declare.

Decoders read a truncated file as a shorter sound, without an error.
"""

import os
import struct
from typing import BinaryIO, NamedTuple

# Programs that write to a pipe cannot fill in the length afterwards; they declare this or more.
UNKNOWN_SIZE = 0x7FFF0000
LONGEST_OGG_PAGE = 27 + 255 + 255 * 255


class SamplesChunk(NamedTuple):
    """The chunk of a wav or aiff that holds the samples: declared and actual size in bytes."""

    start: int
    n_declared: int
    n_present: int
    is_open: bool  # the length was never filled in

    @property
    def share_missing(self) -> float:
        """Missing bytes as a share of those present."""
        if self.is_open or self.n_declared >= UNKNOWN_SIZE or not self.n_present:
            return 0.0
        return max(0.0, self.n_declared / self.n_present - 1)


def samples_chunk(file: BinaryIO) -> SamplesChunk | None:
    """Return the chunk of samples in a wav or aiff, or None for any other file."""
    n_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    container = file.read(4)
    order, name = {b"RIFF": ("<", b"data"), b"FORM": (">", b"SSND")}.get(container, ("", b""))
    if not order:
        return None
    n_container = int.from_bytes(file.read(4), "little" if order == "<" else "big")
    file.seek(4, os.SEEK_CUR)
    while len(header := file.read(8)) == 8:
        chunk, n_declared = struct.unpack(f"{order}4sI", header)
        if chunk == name:
            start = file.tell()
            # A finished file without samples declares its own size correctly.
            is_open = container == b"RIFF" and n_declared == 0 and n_container != n_bytes - 8
            return SamplesChunk(start, n_declared, n_bytes - start, is_open and n_bytes > start)
        file.seek(n_declared + n_declared % 2, os.SEEK_CUR)
    return None


def ends_within_ogg_page(file: BinaryIO) -> bool:
    """Tell whether a file is an ogg whose last page is incomplete, which its decoder ignores."""
    file.seek(0)
    if file.read(4) != b"OggS":
        return False
    n_bytes = file.seek(0, os.SEEK_END)
    file.seek(max(0, n_bytes - LONGEST_OGG_PAGE))
    tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS")) :]
    n_header = 27 + page[26] if len(page) > 26 else 27
    return len(page) < n_header + sum(page[27:n_header])
