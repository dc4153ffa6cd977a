"""What a container really holds: its streams of sound, counted where its header only estimates."""

import os
from dataclasses import dataclass
from typing import BinaryIO

from soundalike.audio.splice import Piece, Splice

# A valid mp3 may end a frame or two early (0.05 s, more at low rates); a shorter one lacks some.
TOLERANCE_S = 0.1


@dataclass(frozen=True)
class Stream:
    """A stream of sound in a file. A file holds several if files were joined.

    Args:
        pieces: what a decoder is to read; None is the whole file as it is.
        n_samples: length of one channel, counted; None if the decoder knows it.
        share_missing: what is declared but absent, as a share of what is present.
        is_cut: If true, its end is missing, and nobody knows how much.
        damaged_at_s: start of the first damage that decoders would pass over in silence.
        is_estimated: If true, the decoder estimates its length from the size of the file, and may
            stop too early.
        av_format: PyAV's name of the container of the pieces, where it is another than the file's.
    """

    pieces: tuple[Piece, ...] | None = None
    n_samples: int | None = None
    share_missing: float = 0.0
    is_cut: bool = False
    damaged_at_s: float | None = None
    is_estimated: bool = False
    av_format: str = ""

    def open(self, file: BinaryIO) -> Splice:
        """Return what a decoder is to read, as a file."""
        whole = (range(file.seek(0, os.SEEK_END)),)
        return Splice(file, whole if self.pieces is None else self.pieces)
