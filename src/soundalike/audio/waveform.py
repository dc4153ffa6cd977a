"""Read sound files as mono waveforms at one sample rate, in blocks for files of any length."""

import os
from collections.abc import Iterator

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from soundalike.audio.sound_file import (
    TOLERANCE_S,
    AudioError,
    Decoder,
    damaged,
    open_sound,
    truncated,
)

# Lossy decoders overshoot full scale by a few dB; an overshoot of 18 dB means damaged frames.
# Samples stored as floats may have any scale up to that of 32-bit integers.
LARGEST_DECODED, LARGEST_FLOAT = 8.0, 2.0**31
# The bit reservoir of an mp3 reaches back up to 8 frames of 1152 samples, at 8 kbit/s; 20 are safe.
MP3_RESERVOIR = 20 * 1152
# Maximum number of values decoded at a time, over all channels: 64 MB.
LARGEST_BLOCK = 2**24


def read_waveform(
    path: str | os.PathLike[str],
    sample_rate: int,
    start_s: float | None = None,
    end_s: float | None = None,
) -> NDArray[np.float32]:
    """Read a whole sound file, or a segment of it: the blocks of :func:`read_blocks`, joined.

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
    """Read a sound file block by block, averaging its channels and resampling.

    One resampler processes all blocks, so the samples do not depend on where the blocks end. A
    segment is cut at the file's own rate and resampled as if it were a separate file: samples
    outside it have no influence.

    Args:
        path: a file in a format of ``AUDIO_SUFFIXES``, of any rate, width and number of channels.
        sample_rate: of the result, in Hz.
        start_s: start of the segment, in seconds; by default the start of the file.
        end_s: end of the segment; by default, and at most, the end of the file.
        block_s: length of a block, in seconds; shorter if there are very many channels.

    Shape:
        each block: [samples], never empty.

    Raises:
        AudioError: the file cannot be read, is not audio, holds no samples, was cut short, is
            damaged, or does not contain the segment.
    """
    with open_sound(path) as file:
        rate = file.samplerate
        start, stop = _segment(path, file, start_s, end_s)
        n_block = max(1, min(round(block_s * rate), LARGEST_BLOCK // file.channels))
        resampler = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32", quality="HQ")
        position, is_empty = start, True
        while position < stop:
            n_requested = min(n_block, stop - position)
            block = _decode(path, file, position, n_requested)
            position += len(block)
            if len(block) < n_requested:
                if position == start or stop - position > TOLERANCE_S * rate:
                    raise truncated(path, position / rate, file.frames / rate)
                stop = position
            if rate != sample_rate:
                resampled = resampler.resample_chunk(block, last=position == stop)
            else:
                resampled = block
            if len(resampled):
                is_empty = False
                yield resampled
        if is_empty:
            yield block[:1]  # the segment is shorter than half a sample of the new rate


def _segment(
    path: str | os.PathLike[str],
    file: Decoder,
    start_s: float | None,
    end_s: float | None,
) -> tuple[int, int]:
    """Seek to the start of the segment; return its first sample and the one after its last."""
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
        # An mp3 frame needs bits of the frames before it: decode and discard those first.
        n_before = min(start, MP3_RESERVOIR) if file.format == "MP3" else 0
        try:
            file.seek(start - n_before)
            file.read(n_before, dtype="float32")
        except soundfile.LibsndfileError as error:
            raise damaged(path, start_s) from error
    return start, stop


def _decode(
    path: str | os.PathLike[str], file: Decoder, position: int, n_samples: int
) -> NDArray[np.float32]:
    """Decode the next samples to mono: [samples], fewer at the end of the file."""
    at_s = position / file.samplerate
    try:
        # Not file.blocks(): in a truncated mp3 it repeats the block that it decoded last.
        block = file.read(n_samples, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise damaged(path, at_s) from error
    if file.channels == 1:
        mono = block[:, 0]
    else:  # many times faster than block.mean(axis=1)
        mono = block @ np.full(file.channels, 1 / file.channels, np.float32)
    largest = LARGEST_FLOAT if file.subtype in ("FLOAT", "DOUBLE") else LARGEST_DECODED
    # "not <=" because NaN is neither smaller nor larger.
    if len(mono) and not np.abs(mono).max() <= largest:
        problem = "absurd samples" if np.isfinite(mono).all() else "samples that are not numbers"
        raise AudioError(path, problem, f"after {at_s:.2f} s; encode the file again or remove it")
    return mono
