"""Loudness normalization: a level that a click does not move, taken anew every minute."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.level import Level

# Root mean square of a loud frame after normalization. With this value, the gains of real clips
# are on average those of peak normalization.
TARGET = 0.16
# Added to the energies, so that near silence (-80 dB of full scale) is not amplified into noise.
FLOOR = 1e-8
# Up to this energy (-100 dB) there is no sound: it is less than the dither of 16 bits.
SILENCE = 1e-10
# Frames are active down to this energy relative to the loudest one: -40 dB.
ACTIVE = 1e-4
# The loudness is exceeded by this share of the active frames, but for no longer than this.
LOUD_SHARE, LOUD_S = 0.25, 0.25
STRETCH_S = 60.0


def measure_loudness(
    blocks: Iterable[NDArray[np.float32]], sample_rate: int, frame_length: int
) -> Level:
    """Return the level that gives every minute of a clip the same loudness.

    Gains are taken per minute, because a single gain would make the rest of a day inaudible after
    one gunshot. A clip of less than two minutes has one gain; the last stretch of a longer one has
    between one and two minutes. A silent stretch gets its gains from those around it.

    Args:
        blocks: the whole waveform.
        sample_rate: in Hz.
        frame_length: samples whose energy is measured at a time.

    Shape:
        each block: [samples].
    """
    n_stretch = max(1, round(STRETCH_S * sample_rate / frame_length))
    n_loud = max(1, round(LOUD_S * sample_rate / frame_length))
    total, n_samples = 0.0, 0
    rest, energies = np.empty(0, np.float32), np.empty(0, np.float32)
    loudnesses: list[float] = []
    for block in blocks:
        total += float(block.sum(dtype=np.float64))
        n_samples += len(block)
        rest = np.concatenate([rest, block])
        n_used = len(rest) // frame_length * frame_length
        frames, rest = rest[:n_used].reshape(-1, frame_length), rest[n_used:]
        energies = np.concatenate([energies, _variances(frames)])
        while len(energies) >= 2 * n_stretch:
            loudnesses.append(loudness(energies[:n_stretch], n_loud))
            energies = energies[n_stretch:]
    if len(rest):
        energies = np.append(energies, _variances(rest[None]))
    loudnesses.append(loudness(energies, n_loud))

    starts = np.arange(len(loudnesses)) * n_stretch * frame_length
    centers = (starts + np.append(starts[1:], n_samples)) / 2
    of_stretches = np.array(loudnesses)
    is_sound = of_stretches > SILENCE
    if is_sound.any():
        centers, of_stretches = centers[is_sound], of_stretches[is_sound]
    gains = TARGET / np.sqrt(of_stretches + FLOOR)
    return Level(total / n_samples, tuple(gains.tolist()), tuple(centers.tolist()))


def loudness(energies: NDArray[np.floating], n_loud: int) -> float:
    """Return the energy that `n_loud` frames reach, or a quarter of the active ones if fewer.

    So it is the loudness of the events in a clip, however long the silence around them, and a click
    that is shorter than `n_loud` frames hardly changes it.

    Shape:
        energies: [frames], at least one.

    >>> quiet, event, click = [1.0] * 90, [50.0, 70.0, 90.0], [9000.0]
    >>> loudness(np.array(quiet + event + click), n_loud=3)
    70.0
    """
    loudest = np.sort(energies)[::-1]
    n_active = int((loudest >= ACTIVE * loudest[0]).sum())
    return float(loudest[min(n_loud, math.ceil(LOUD_SHARE * n_active)) - 1])


def _variances(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the variance of each row: several times faster than `np.var` in float64."""
    centered = frames - frames.mean(axis=1, keepdims=True)
    return np.einsum("ij,ij->i", centered, centered) / frames.shape[1]
