"""Log-mels of sound files of any length, in bounded memory.

Whether a clip is processed whole or in blocks, its log-mel is the same up to rounding.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.log_mel import LogMel
from soundalike.audio.spectrum import Spectrum
from soundalike.audio.waveform import read_blocks

# A clip up to this length is decoded once and kept in memory; a longer one is decoded twice, once
# to measure its level and once to transform it.
IN_MEMORY_S = 60.0


def read_log_mel(
    path: str | os.PathLike[str],
    front_end: LogMel,
    start_s: float | None = None,
    end_s: float | None = None,
) -> NDArray[np.float32]:
    """Return the log-mel of a whole clip: the blocks of :func:`read_log_mel_blocks`, joined.

    Shape:
        result: [frames, bands].

    Raises:
        AudioError: the file cannot be read or used.
    """
    return np.concatenate(list(read_log_mel_blocks(path, front_end, start_s, end_s)))


def read_log_mel_blocks(
    path: str | os.PathLike[str],
    front_end: LogMel,
    start_s: float | None = None,
    end_s: float | None = None,
    spectrum: Spectrum | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Return the log-mel of a clip block by block.

    The clip is read as mono, resampled, and brought to the level that the front end asks for. A
    clip shorter than ``front_end.min_duration_s`` is repeated.

    Args:
        path: a sound file.
        front_end: makes the log-mel.
        start_s: start of the clip in the file, in seconds; by default the start of the file.
        end_s: end of the clip, in seconds; by default the end of the file.
        spectrum: the waveform is added to it, before it is resampled.

    Shape:
        each block: [frames, bands].

    Raises:
        AudioError: the file cannot be read or used.
    """
    return log_mel_blocks(
        lambda: read_blocks(path, front_end.sample_rate, start_s, end_s, spectrum=spectrum),
        front_end,
    )


def log_mel_blocks(
    read: Callable[[], Iterator[NDArray[np.float32]]], front_end: LogMel
) -> Iterator[NDArray[np.float32]]:
    """Yield the log-mel of a clip block by block; the whole clip is read before the first one.

    Args:
        read: returns the waveform of the clip in blocks [samples]; a long clip is read twice.
        front_end: makes the log-mel.

    Shape:
        each block: [frames, bands].
    """
    in_memory: list[NDArray[np.float32]] = []
    limit = round(max(IN_MEMORY_S, front_end.min_duration_s) * front_end.sample_rate)
    waveforms = read()
    for waveform in waveforms:
        in_memory.append(waveform)
        if sum(map(len, in_memory)) > limit:
            break
    else:
        yield front_end.of_clip(np.concatenate(in_memory))
        return
    level = front_end.measure_level(chain(in_memory, waveforms))
    yield from stream_log_mel(level.normalize(read()), front_end)


def stream_log_mel(
    waveforms: Iterable[NDArray[np.float32]], front_end: LogMel
) -> Iterator[NDArray[np.float32]]:
    """Yield the log-mel of a waveform that arrives in blocks, without normalizing it.

    Args:
        waveforms: consecutive parts of the waveform.
        front_end: makes the log-mel.

    Shape:
        each waveform: [samples]; each result: [frames, bands].
    """
    before, after = front_end.reflection
    hop_length, win_length = front_end.hop_length, front_end.win_length
    rest = np.empty(0, np.float32)
    at_start = True
    for waveform in waveforms:
        rest = np.concatenate([rest, waveform])
        # Keep back one window and the samples that are reflected at the end.
        n_frames = (len(rest) - after - win_length) // hop_length
        if n_frames < 1:
            continue
        if at_start:
            rest = np.pad(rest, (before, 0), mode="reflect")
            at_start = False
        n_used = n_frames * hop_length
        yield front_end.of_padded(rest[: n_used - hop_length + win_length])
        rest = rest[n_used:]
    yield front_end.of_padded(np.pad(rest, (before if at_start else 0, after), mode="reflect"))
