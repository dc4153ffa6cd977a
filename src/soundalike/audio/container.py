"""What the containers of sound files say about their own length.

Decoders take a file that was cut short for a shorter sound, and say nothing. Its container knows
better.
"""

import os
import struct
from typing import BinaryIO, NamedTuple

# Programs that write to a pipe cannot come back to fill in the length: they leave one of these.
UNKNOWN_SIZE = 0x7FFF0000
LONGEST_OGG_PAGE = 27 + 255 + 255 * 255


class SamplesChunk(NamedTuple):
    """Where a wav or aiff keeps its samples, and the bytes said and found to be there."""

    start: int
    n_said: int
    n_present: int
    is_open: bool  # nobody came back to write the length

    @property
    def share_missing(self) -> float:
        """Bytes that are missing, over those present: the decoder silently takes these for all."""
        if self.is_open or self.n_said >= UNKNOWN_SIZE or not self.n_present:
            return 0.0
        return max(0.0, self.n_said / self.n_present - 1)


def samples_chunk(file: BinaryIO) -> SamplesChunk | None:
    """Find the chunk of samples in a wav or aiff; None in any other file."""
    n_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    container = file.read(4)
    order, name = {b"RIFF": ("<", b"data"), b"FORM": (">", b"SSND")}.get(container, ("", b""))
    if not order:
        return None
    n_container = int.from_bytes(file.read(4), "little" if order == "<" else "big")
    file.seek(4, os.SEEK_CUR)
    while len(header := file.read(8)) == 8:
        chunk, n_said = struct.unpack(f"{order}4sI", header)
        if chunk == name:
            start = file.tell()
            # A closed file without samples tells its own size right.
            is_open = container == b"RIFF" and n_said == 0 and n_container != n_bytes - 8
            return SamplesChunk(start, n_said, n_bytes - start, is_open and n_bytes > start)
        file.seek(n_said + n_said % 2, os.SEEK_CUR)
    return None


def ends_within_ogg_page(file: BinaryIO) -> bool:
    """Whether a file is an ogg whose last page is not all there: its decoder does not mind."""
    file.seek(0)
    if file.read(4) != b"OggS":
        return False
    n_bytes = file.seek(0, os.SEEK_END)
    file.seek(max(0, n_bytes - LONGEST_OGG_PAGE))
    tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS")) :]
    n_header = 27 + page[26] if len(page) > 26 else 27
    return len(page) < n_header + sum(page[27:n_header])
