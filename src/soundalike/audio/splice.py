"""A file made of pieces of another one, so that decoders see a corrected header or one stream."""

import bisect
import io
import itertools
import os
from collections.abc import Sequence
from typing import Any, BinaryIO

Piece = bytes | range
"""Bytes, or a range of positions in the other file."""


class Splice(io.RawIOBase):
    """A read-only file that consists of pieces, in their order.

    Args:
        file: the file that ranges are taken from; its position is not kept.
        pieces: bytes and ranges of positions.

    >>> Splice(io.BytesIO(b"0123456789"), [b"ab", range(8, 10), range(0, 3)]).read()
    b'ab89012'
    """

    def __init__(self, file: BinaryIO, pieces: Sequence[Piece]) -> None:
        super().__init__()
        self._file = file
        self._pieces = [piece for piece in pieces if len(piece)]
        self._starts = [0, *itertools.accumulate(map(len, self._pieces))]
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position and return it."""
        bases = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._starts[-1]}
        self._position = max(0, bases[whence] + offset)
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer; return the number of bytes, fewer only at the end."""
        view, n_read = memoryview(buffer).cast("B"), 0
        while n_read < len(view) and self._position < self._starts[-1]:
            index = bisect.bisect_right(self._starts, self._position) - 1
            offset = self._position - self._starts[index]
            rest = self._pieces[index][offset : offset + len(view) - n_read]
            if isinstance(rest, range):
                self._file.seek(rest.start)
                chunk = self._file.read(len(rest))
                if not chunk:
                    break
            else:
                chunk = rest
            view[n_read : n_read + len(chunk)] = chunk
            n_read += len(chunk)
            self._position += len(chunk)
        return n_read
