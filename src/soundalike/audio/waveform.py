"""A sound file as a mono waveform at one sample rate, in blocks: its length does not matter.

Whatever is wrong with a file is found here and said in one plain line: see :class:`AudioError`.
"""

import math
import mmap
import os
import stat
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from soundalike.audio.container import ends_within_ogg_page, samples_chunk

AUDIO_SUFFIXES = frozenset(
    {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc"}
)

# An mp3 may lawfully end a frame or two early (0.05 s, more at low rates); one shorter was cut.
TOLERANCE_S = 0.1
UNKNOWN_LENGTH = 2**63 - 1
# Lossy decoders overshoot full scale by a few dB at most; 18 dB comes from damaged frames only.
# Samples stored as floats have the scale of their writer, whose largest is that of 32-bit integers.
LARGEST_DECODED, LARGEST_FLOAT = 8.0, 2.0**31
# The bit reservoir of an mp3 reaches back 8 frames of 1152 samples at 8 kbit/s; 20 are safe.
MP3_RESERVOIR = 20 * 1152
# Most values decoded at a time, over all channels: 64 MB.
LARGEST_BLOCK = 2**24
# Added to the peak, so that silence is not blown up into noise.
PEAK_FLOOR = 0.005


class AudioError(Exception):
    """A sound file that cannot be used; one line says which, what is wrong and what to do.

    Attributes:
        path: the file as it was given.
        problem: a short phrase to count and to group by, such as "truncated".
    """

    def __init__(self, path: str | os.PathLike[str], problem: str, explanation: str) -> None:
        super().__init__(path, problem, explanation)
        self.path = path
        self.problem = problem
        self.explanation = explanation

    def __str__(self) -> str:
        name = "".join(
            letter if letter.isprintable() else letter.encode("unicode_escape").decode()
            for letter in os.fspath(self.path)
        )
        return f"{name}: {self.problem}: {self.explanation}"


@dataclass(frozen=True)
class AudioInfo:
    """What the header of a sound file says; ``n_samples`` counts one channel at the file's rate."""

    sample_rate: int
    n_channels: int
    n_samples: int
    format: str
    subtype: str

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.sample_rate


def read_info(path: str | os.PathLike[str]) -> AudioInfo:
    """Read the header of a sound file, without decoding.

    Raises:
        AudioError: the file cannot be read, is not audio, holds no samples, or was cut short.
    """
    with _open(path) as file:
        return AudioInfo(file.samplerate, file.channels, file.frames, file.format, file.subtype)


def read_waveform(
    path: str | os.PathLike[str],
    sample_rate: int,
    start_s: float | None = None,
    end_s: float | None = None,
) -> NDArray[np.float32]:
    """Read a sound file, or a segment of it, whole: :func:`read_blocks` put end to end.

    Shape:
        result: [samples], never empty.

    Raises:
        AudioError: as in :func:`read_blocks`.
    """
    return np.concatenate(list(read_blocks(path, sample_rate, start_s, end_s)))


def read_blocks(
    path: str | os.PathLike[str],
    sample_rate: int,
    start_s: float | None = None,
    end_s: float | None = None,
    block_s: float = 30.0,
) -> Iterator[NDArray[np.float32]]:
    """Read a sound file block by block: decoded, mean of its channels, resampled.

    One resampler runs through all the blocks, so the samples do not depend on where the blocks
    end. A segment is cut at the file's own rate and resampled by itself, as if it were a file of
    its own: nothing outside it enters, and silence is assumed around it.

    Args:
        path: a file in a format of ``AUDIO_SUFFIXES``, of any rate, width and number of channels.
        sample_rate: of the result, in Hz.
        start_s: where the segment starts, in seconds; the start of the file by default.
        end_s: where it ends; the end of the file by default, and at the latest.
        block_s: length of a block, in seconds; shorter where there are very many channels.

    Shape:
        each block: [samples], never empty.

    Raises:
        AudioError: the file cannot be read, is not audio, holds no samples, was cut short, is
            damaged, or the segment is not in it.
    """
    with _open(path) as file:
        rate = file.samplerate
        start, stop = _segment(path, file, start_s, end_s)
        n_block = max(1, min(round(block_s * rate), LARGEST_BLOCK // file.channels))
        resampler = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32", quality="HQ")
        position, is_empty = start, True
        while position < stop:
            n_wanted = min(n_block, stop - position)
            block = _decode(path, file, position, n_wanted)
            position += len(block)
            if len(block) < n_wanted:
                if position == start or stop - position > TOLERANCE_S * rate:
                    raise _truncated(path, position / rate, file.frames / rate)
                stop = position
            if rate != sample_rate:
                resampled = resampler.resample_chunk(block, last=position == stop)
            else:
                resampled = block
            if len(resampled):
                is_empty = False
                yield resampled
        if is_empty:
            yield block[:1]  # shorter than half a sample of the new rate


def level(blocks: Iterable[NDArray[np.float32]]) -> tuple[float, float]:
    """Mean and gain that peak-normalise a waveform that comes in blocks.

    The normalised waveform is ``(x - mean) * gain`` with ``gain = 1 / (max|x - mean| + 0.005)``.

    Shape:
        each block: [samples].
    """
    total, n_samples, lowest, highest = 0.0, 0, math.inf, -math.inf
    for block in blocks:
        total += float(block.sum(dtype=np.float64))
        n_samples += len(block)
        lowest = min(lowest, float(block.min()))
        highest = max(highest, float(block.max()))
    mean = total / n_samples
    return mean, 1 / (max(highest - mean, mean - lowest) + PEAK_FLOOR)


def normalise_peak(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Remove the mean and bring the peak just below one: ``(x - mean) / (max|x - mean| + 0.005)``.

    Shape:
        waveform, result: [samples].

    >>> normalise_peak(np.array([1.0, 2.0, 3.0], np.float32)).round(3)
    array([-0.995,  0.   ,  0.995], dtype=float32)
    """
    mean, gain = level([waveform])
    return (waveform - mean) * gain


class _Decoder(soundfile.SoundFile):
    """A sound file read straight on.

    SoundFile seeks to where it is after every read, which makes an mp3 decoder forget the bits it
    kept for the next frame: the blocks would start with gaps.
    """

    def seekable(self) -> bool:
        return False


def _segment(
    path: str | os.PathLike[str],
    file: _Decoder,
    start_s: float | None,
    end_s: float | None,
) -> tuple[int, int]:
    """Go to the start of the segment; return its first sample and the one after its last."""
    duration_s = file.frames / file.samplerate
    start_s = 0.0 if start_s is None else start_s
    end_s = duration_s if end_s is None else min(end_s, duration_s)
    if not 0 <= start_s < duration_s:
        raise AudioError(
            path,
            "segment outside the clip",
            f"it starts at {start_s:g} s of {duration_s:.2f} s; correct start_s",
        )
    if not start_s < end_s:
        raise AudioError(
            path,
            "empty segment",
            f"it starts at {start_s:g} s and ends at {end_s:g} s; correct start_s or end_s",
        )
    start = min(round(start_s * file.samplerate), file.frames - 1)
    stop = max(round(end_s * file.samplerate), start + 1)
    if start:
        # An mp3 frame needs the bits of frames before it: start there, and let them go by.
        n_before = min(start, MP3_RESERVOIR) if file.format == "MP3" else 0
        try:
            file.seek(start - n_before)
            file.read(n_before, dtype="float32")
        except soundfile.LibsndfileError as error:
            raise _damaged(path, start_s) from error
    return start, stop


def _decode(
    path: str | os.PathLike[str], file: _Decoder, position: int, n_samples: int
) -> NDArray[np.float32]:
    """Decode the next samples to mono; fewer where the file ends."""
    at_s = position / file.samplerate
    try:
        # Not file.blocks(): after a cut in an mp3 it repeats what it decoded last.
        block = file.read(n_samples, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise _damaged(path, at_s) from error
    if file.channels == 1:
        mono = block[:, 0]
    else:  # many times faster than block.mean(axis=1)
        mono = block @ np.full(file.channels, 1 / file.channels, np.float32)
    largest = LARGEST_FLOAT if file.subtype in ("FLOAT", "DOUBLE") else LARGEST_DECODED
    # "not <=" because NaN is neither smaller nor larger.
    if len(mono) and not np.abs(mono).max() <= largest:
        problem = "absurd samples" if np.isfinite(mono).all() else "samples that are not numbers"
        raise AudioError(
            path, problem, f"found after {at_s:.2f} s; make the file again or leave it out"
        )
    return mono


@contextmanager
def _open(path: str | os.PathLike[str]) -> Iterator[_Decoder]:
    """Open a sound file that holds samples, all those that its header promises."""
    with _open_bytes(path) as file:
        chunk = samples_chunk(file)
        if ends_within_ogg_page(file):
            raise _truncated(path)
        source: str | mmap.mmap = os.fspath(path)
        if chunk and chunk.is_open:
            # Show the decoder a copy of the header that has the length.
            source = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
            source[chunk.start - 4 : chunk.start] = struct.pack("<I", chunk.n_present)
        try:
            sound = _Decoder(source)
        except (soundfile.SoundFileError, TypeError) as error:  # TypeError: a headerless .raw
            raise AudioError(
                path,
                "not audio",
                "no decoder knows what is in it; convert it to wav, flac, ogg, opus, mp3 or aiff",
            ) from error
        with sound:
            if sound.frames <= 0:
                raise AudioError(
                    path, "no samples", "the file ends after its header; copy or record it again"
                )
            if sound.frames == UNKNOWN_LENGTH:
                raise AudioError(
                    path,
                    "unknown length",
                    "its header does not say how long it is; encode it again",
                )
            duration_s = sound.frames / sound.samplerate
            if chunk and duration_s * chunk.share_missing > TOLERANCE_S:
                raise _truncated(path, duration_s, duration_s * (1 + chunk.share_missing))
            yield sound


@contextmanager
def _open_bytes(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file that is there, is a file, has a name and bytes, and may be read."""
    try:
        os.fspath(path).encode()
        status = Path(path).stat()
        if stat.S_ISDIR(status.st_mode):
            raise AudioError(path, "a folder", "a sound file was expected; name a file in it")
        if not stat.S_ISREG(status.st_mode):
            raise AudioError(path, "not a file", "a sound file was expected; save the sound as one")
        if status.st_size == 0:
            raise AudioError(path, "empty", "the file has no bytes; copy or record it again")
        file = open(path, "rb")  # noqa: SIM115
    except UnicodeEncodeError as error:
        raise AudioError(path, "undecodable name", "it is not UTF-8; rename the file") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise AudioError(path, "missing", "there is no such file; correct the path") from error
    except PermissionError as error:
        raise AudioError(
            path, "permission denied", "you may not read it; ask its owner or chmod +r it"
        ) from error
    except (OSError, ValueError) as error:
        raise AudioError(path, "unreadable", f"{error}; check the path and the disk") from error
    with file:
        yield file


def _truncated(
    path: str | os.PathLike[str], held_s: float | None = None, promised_s: float | None = None
) -> AudioError:
    held = "its end is missing"
    if held_s is not None:
        held = f"it ends after {held_s:.2f} s of {promised_s:.2f} s"
    return AudioError(path, "truncated", f"{held}; copy or download it again")


def _damaged(path: str | os.PathLike[str], at_s: float) -> AudioError:
    return AudioError(
        path, "damaged", f"its decoder gave up after {at_s:.2f} s; copy or download it again"
    )
