"""Levels that are measured anew every minute: the peak, or a peak that a click does not move.

A single gain for a day would make the rest of it inaudible after one gunshot.
"""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.level import Level

# The peak after normalization, as that of the paper, which is 0.98 to 0.995 in ordinary clips.
PEAK_TARGET = 0.99
# The robust peak after normalization. With this value, the gains of real clips are on average
# those of peak normalization.
TARGET = 0.57
# Added to the square of the peak, so that near silence (-70 dB of full scale) is not
# amplified into noise.
FLOOR = 1e-7
# Up to this peak (-84 dB) there is no sound: it is two steps of 16 bits.
SILENCE = 2**-14
# Frames are active down to this peak relative to the loudest one: -30 dB.
ACTIVE = 10**-1.5
# The robust peak is reached in this share of the active frames, but for no longer than this.
LOUD_SHARE, LOUD_S = 0.25, 0.2
STRETCH_S = 60.0


def measure_minute_peak(blocks: Iterable[NDArray[np.float32]], sample_rate: int) -> Level:
    """Return the level that gives every minute of a clip the same peak.

    In ordinary clips of less than two minutes this is peak normalization, but clips at -60 dB of
    full scale become as loud as others, where the paper's floor leaves them 16 dB fainter.

    Shape:
        each block: [samples] at ``sample_rate``.
    """
    # A frame is a whole stretch, and its robust peak is its peak.
    return measure_robust_peak(blocks, sample_rate, round(STRETCH_S * sample_rate), PEAK_TARGET)


def measure_robust_peak(
    blocks: Iterable[NDArray[np.float32]],
    sample_rate: int,
    frame_length: int,
    target: float = TARGET,
) -> Level:
    """Return the level that gives every minute of a clip the same robust peak.

    A clip of less than two minutes has one gain; the last stretch of a longer one has between one
    and two minutes. A silent stretch gets its gains from those around it.

    Args:
        blocks: the whole waveform.
        sample_rate: in Hz.
        frame_length: samples whose peak is measured at a time.
        target: robust peak after normalization.

    Shape:
        each block: [samples].
    """
    n_stretch = max(1, round(STRETCH_S * sample_rate / frame_length))
    n_loud = max(1, round(LOUD_S * sample_rate / frame_length))
    total, n_samples = 0.0, 0
    rest, peaks = np.empty(0, np.float32), np.empty(0, np.float32)
    of_stretches: list[float] = []
    for block in blocks:
        total += float(block.sum(dtype=np.float64))
        n_samples += len(block)
        rest = np.concatenate([rest, block])
        n_used = len(rest) // frame_length * frame_length
        frames, rest = rest[:n_used].reshape(-1, frame_length), rest[n_used:]
        peaks = np.concatenate([peaks, _peaks(frames)])
        while len(peaks) >= 2 * n_stretch:
            of_stretches.append(robust_peak(peaks[:n_stretch], n_loud))
            peaks = peaks[n_stretch:]
    if len(rest):
        peaks = np.append(peaks, _peaks(rest[None]))
    of_stretches.append(robust_peak(peaks, n_loud))

    starts = np.arange(len(of_stretches)) * n_stretch * frame_length
    centers = (starts + np.append(starts[1:], n_samples)) / 2
    levels = np.array(of_stretches)
    is_sound = levels > SILENCE
    if is_sound.any():
        centers, levels = centers[is_sound], levels[is_sound]
    gains = target / np.sqrt(levels**2 + FLOOR)
    return Level(total / n_samples, tuple(gains.tolist()), tuple(centers.tolist()))


def robust_peak(peaks: NDArray[np.floating], n_loud: int) -> float:
    """Return the peak that `n_loud` frames reach, or a quarter of the active ones if fewer.

    So it is that of the events in a clip, however long the silence around them, and a click that is
    shorter than `n_loud` frames hardly changes it.

    Shape:
        peaks: of frames, [frames], at least one.

    >>> room, event, click = [0.01] * 90, [0.05, 0.07, 0.09], [0.3]
    >>> robust_peak(np.array(room + event + click), n_loud=3)
    0.07
    """
    loudest = np.sort(peaks)[::-1]
    n_active = int((loudest >= ACTIVE * loudest[0]).sum())
    return float(loudest[min(n_loud, math.ceil(LOUD_SHARE * n_active)) - 1])


def _peaks(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the largest distance of each row from its mean."""
    mean = frames.mean(axis=1)
    return np.maximum(frames.max(axis=1) - mean, mean - frames.min(axis=1))
