"""Read sound files as mono waveforms at one sample rate, in blocks for files of any length."""

import os
from collections.abc import Iterator

import numpy as np
import soxr
from numpy.typing import NDArray

from soundalike.audio.audio_error import AudioError, no_samples
from soundalike.audio.audio_info import Part
from soundalike.audio.channels import Mixer
from soundalike.audio.sound_file import SoundFile, open_sound
from soundalike.audio.spectrum import Spectrum

# Lossy decoders overshoot full scale by a few dB; an overshoot of 18 dB means damaged frames.
# Samples stored as floats may have any scale up to that of 32-bit integers.
LARGEST_DECODED, LARGEST_FLOAT = 8.0, 2.0**31
# Maximum number of values decoded at a time, over all channels: 64 MB.
LARGEST_BLOCK = 2**24
# Seconds decoded at a time.
BLOCK_S = 30.0


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
    block_s: float = BLOCK_S,
    spectrum: Spectrum | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Read a sound file block by block, mixing its channels and resampling.

    One resampler processes all blocks, so the samples do not depend on where the blocks end. A
    segment is cut at the file's own rate and resampled as if it were a separate file: samples
    outside it have no influence.

    Args:
        path: a sound file of any rate, width and number of channels.
        sample_rate: of the result, in Hz.
        start_s: start of the segment, in seconds; by default the start of the file.
        end_s: end of the segment; by default, and at most, the end of the file.
        block_s: length of a block, in seconds; shorter if there are very many channels.
        spectrum: what is read is added to it, before it is resampled.

    Shape:
        each block: [samples], never empty.

    Raises:
        AudioError: the file cannot be read, is not audio, holds no samples, was cut short, is
            damaged, or does not contain the segment. What lies before damage comes first.
    """
    with open_sound(path) as sound:
        yield from blocks_of(sound, sample_rate, start_s, end_s, block_s, spectrum=spectrum)


def blocks_of(
    sound: SoundFile,
    sample_rate: int,
    start_s: float | None = None,
    end_s: float | None = None,
    block_s: float = BLOCK_S,
    mix: Mixer | None = None,
    spectrum: Spectrum | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Read an open sound file as `read_blocks` does, with a mixer of one's own."""
    mix = mix or Mixer(sound.path)
    resampler: soxr.ResampleStream | None = None
    rate, n_decoded, n_yielded = sample_rate, 0, 0
    last = np.empty(0, np.float32)
    for part, start, stop in _segment(sound, start_s, end_s):
        if resampler and part.sample_rate != rate:  # the parts of joined files may differ
            if len(block := resampler.resample_chunk(last[:0], last=True)):
                yield block
            resampler = None
        rate = part.sample_rate
        if resampler is None and rate != sample_rate:
            resampler = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32", quality="HQ")
        for last in _mono(sound, part, start, stop, block_s, mix):
            n_decoded += len(last)
            if spectrum:
                spectrum.add(last, rate)
            block = resampler.resample_chunk(last) if resampler else last
            if len(block):
                n_yielded += len(block)
                yield block
    if not n_decoded:
        raise _outside(sound.path, start_s, 0.0) if start_s else no_samples(sound.path)
    block = resampler.resample_chunk(last[:0], last=True) if resampler else last[:0]
    if len(block):
        yield block
    elif not n_yielded:
        yield last[:1]  # the segment is shorter than half a sample of the new rate


def _segment(
    sound: SoundFile, start_s: float | None, end_s: float | None
) -> Iterator[tuple[Part, int, int | None]]:
    """Yield the parts that a segment touches, the first sample of each and the one after its last.

    The last is None where only decoding can tell.
    """
    duration_s = sum(part.duration_s for part in sound.parts)
    start_s = 0.0 if start_s is None else start_s
    end_s = duration_s if end_s is None else min(end_s, duration_s)
    if not 0 <= start_s < duration_s:
        raise _outside(sound.path, start_s, duration_s)
    if not start_s < end_s:
        raise AudioError(
            sound.path,
            "empty segment",
            f"it starts at {start_s:g} s and ends at {end_s:g} s; correct start_s or end_s",
        )
    offset_s = 0.0
    for part in sound.parts:
        first_s, last_s, offset_s = start_s - offset_s, end_s - offset_s, offset_s + part.duration_s
        if first_s >= part.duration_s or last_s <= 0:
            continue
        start = max(0, round(first_s * part.sample_rate))
        if part.n_samples is None:
            stop = None if last_s == float("inf") else round(last_s * part.sample_rate)
        else:
            start = min(start, part.n_samples - 1)
            stop = min(part.n_samples, round(last_s * part.sample_rate))
        yield part, start, None if stop is None else max(stop, start + 1)


def _outside(path: str | os.PathLike[str], start_s: float, duration_s: float) -> AudioError:
    return AudioError(
        path,
        "segment outside the clip",
        f"it starts at {start_s:g} s of {duration_s:.2f} s; correct start_s",
    )


def _mono(
    sound: SoundFile, part: Part, start: int, stop: int | None, block_s: float, mix: Mixer
) -> Iterator[NDArray[np.float32]]:
    """Decode samples of a part to mono, block by block: [samples]."""
    n_block = max(1, min(round(block_s * part.sample_rate), LARGEST_BLOCK // part.n_channels))
    largest = LARGEST_FLOAT if part.is_float else LARGEST_DECODED
    position = start
    for block in sound.blocks(part, start, stop, n_block):
        mono = mix(block)
        # "not <=" because NaN is neither smaller nor larger.
        if not np.abs(mono).max() <= largest:
            is_finite = np.isfinite(mono).all()
            problem = "absurd samples" if is_finite else "samples that are not numbers"
            first = int((~(np.abs(mono) <= largest)).argmax())
            at_s = (position + first) / part.sample_rate
            advice = f"the first at {at_s:.2f} s; encode the file again or remove it"
            raise AudioError(sound.path, problem, advice)
        position += len(block)
        yield mono
