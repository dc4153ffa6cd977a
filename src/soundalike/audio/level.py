"""The level of a clip: what is subtracted from its samples and what they are multiplied by.

`measure_peak` here is that of Fonseca et al. 2021; `soundalike.audio.levels_by_minute` has the peak
of every minute.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Added to the peak, so that near silence is not amplified into noise.
PEAK_FLOOR = 0.005


@dataclass(frozen=True)
class Level:
    """The mean and the gain of a clip; a long clip, or one with a click, has several gains.

    Between two positions the gain moves linearly in dB, before the first and after the last it is
    constant.

    Args:
        mean: mean of the samples.
        gains: at certain samples of the clip.
        positions: of these samples.

    Shape:
        gains, positions: [gains].
    """

    mean: float
    gains: tuple[float, ...]
    positions: tuple[float, ...] = (0.0,)

    def normalize(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """Yield ``(x - mean) * gain`` of a whole waveform, block by block.

        Shape:
            each block, each result: [samples].
        """
        if len(self.gains) == 1:
            yield from ((block - self.mean) * self.gains[0] for block in blocks)
            return
        position, log_gains = 0, np.log(self.gains)
        for block in blocks:
            samples = np.arange(position, position + len(block))
            gains = np.exp(np.interp(samples, self.positions, log_gains))
            yield (block - self.mean) * gains.astype(np.float32)
            position += len(block)


def measure_peak(blocks: Iterable[NDArray[np.float32]]) -> Level:
    """Return the level that brings the peak just below one: ``gain = 1 / (max|x - mean| + 0.005)``.

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
    return Level(mean, (1 / (max(highest - mean, mean - lowest) + PEAK_FLOOR),))


def normalize_peak(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Remove the mean and bring the peak just below one: ``(x - mean) / (max|x - mean| + 0.005)``.

    Shape:
        waveform, result: [samples].

    >>> normalize_peak(np.array([1.0, 2.0, 3.0], np.float32)).round(3)
    array([-0.995,  0.   ,  0.995], dtype=float32)
    """
    (normalized,) = measure_peak([waveform]).normalize([waveform])
    return normalized
