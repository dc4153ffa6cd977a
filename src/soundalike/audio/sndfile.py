"""Decode with libsndfile."""

import contextlib
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import soundfile
from numpy.typing import NDArray

from soundalike.audio.decoder import DecodingError
from soundalike.audio.splice import Piece, Splice
from soundalike.audio.stream import Stream

# The bit reservoir of an mp3 reaches back up to 8 frames of 1152 samples, at 8 kbit/s; 20 are safe.
MP3_RESERVOIR = 20 * 1152
UNKNOWN_LENGTH = 2**63 - 1
STDERR = 2
# A line of libmpg123: "[src/libmpg123/layer3.c:...] error: ..." or "Note: Trying to resync...".
MPG123 = re.compile(rb"\[?src/libmpg123|Note: |Warning: ")
# Bit rates differ by a factor of 40 at most.
MOST_DOUBLINGS = 6
# All threads have one standard error. Of two that replaced it at a time, the later one would put
# back the file of the earlier one, and whatever the process says from then on would be lost.
_capturing = threading.Lock()


class _Sequential(soundfile.SoundFile):
    """A sound file that is read sequentially, block by block."""

    def seekable(self) -> bool:
        """Return False, so that SoundFile does not seek to its position after every read.

        A seek makes an mp3 decoder drop the bits it kept for the next frame: blocks would start
        with gaps.
        """
        return False


class SndfileDecoder:
    """Decodes with libsndfile.

    Raises:
        DecodingError: libsndfile does not know what it is.
    """

    def __init__(self, file: BinaryIO, stream: Stream) -> None:
        self._sound = _open_sndfile(file, stream.pieces)
        pieces = stream.pieces or ()
        for _ in range(MOST_DOUBLINGS if stream.is_estimated else 0):
            if self._sound.frames >= (stream.n_samples or 0):
                break
            pieces += pieces[1:]  # repeat the frames, so that the decoder does not stop too early
            self._sound.close()
            self._sound = _open_sndfile(file, pieces)
        self.sample_rate, self.n_channels = self._sound.samplerate, self._sound.channels
        self.format, self.subtype = self._sound.format, self._sound.subtype
        self.declared_s = 0.0
        self.n_samples = stream.n_samples
        if stream.n_samples is None and self._sound.frames != UNKNOWN_LENGTH:
            self.n_samples = self._sound.frames

        self.complaint = ""

    def seek(self, position: int) -> None:
        """Move to a sample."""
        # An mp3 frame needs bits of the frames before it: decode and discard those first.
        n_before = min(position, MP3_RESERVOIR) if self.format == "MP3" else 0
        try:
            with self._complaints():
                self._sound.seek(position - n_before)
                self._sound.read(n_before, dtype="float32")
        except soundfile.SoundFileError as error:
            raise DecodingError(str(error)) from error

    def read(self, n_samples: int) -> NDArray[np.float32]:
        """Decode the next samples."""
        try:
            # Not blocks(): in a truncated mp3 it repeats the block that it decoded last.
            with self._complaints():
                return self._sound.read(n_samples, dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise DecodingError(str(error)) from error

    def close(self) -> None:
        """Let go of the stream."""
        self._sound.close()

    @contextlib.contextmanager
    def _complaints(self) -> Iterator[None]:
        """Catch what the mp3 decoder writes on standard error, where it names no file."""
        if self.format != "MP3":
            yield
            return
        with captured_stderr() as lines:
            yield
        self.complaint = self.complaint or next(iter(lines), "")


@contextlib.contextmanager
def captured_stderr() -> Iterator[list[str]]:
    """Catch lines of libmpg123 on standard error; pass on what others wrote meanwhile.

    Other threads wait until it is their turn.

    Yields:
        The lines; filled at the end.
    """
    lines: list[str] = []
    if sys.__stderr__ is None:  # the program began without one: the number may be a sound file's
        yield lines
        return
    with _capturing:
        try:
            original = os.dup(STDERR)
        except OSError:  # it has been closed since
            yield lines
            return
        with tempfile.TemporaryFile() as file:
            os.dup2(file.fileno(), STDERR)
            try:
                yield lines
            finally:
                os.dup2(original, STDERR)
                os.close(original)
                file.seek(0)
                for line in file:
                    if MPG123.match(line):
                        lines.append(line.decode(errors="replace").strip())
                    else:
                        os.write(STDERR, line)


def _open_sndfile(file: BinaryIO, pieces: tuple[Piece, ...] | None) -> _Sequential:
    file.seek(0)
    try:
        # A file descriptor rather than a path: beside a path, libsndfile looks for a resource fork.
        return _Sequential(file.fileno() if pieces is None else Splice(file, pieces), closefd=False)
    except (soundfile.SoundFileError, TypeError) as error:
        raise DecodingError(str(error)) from error
