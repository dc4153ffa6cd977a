"""Peak normalization, which makes all recordings about equally loud."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

# Added to the peak, so that near silence is not amplified into noise.
PEAK_FLOOR = 0.005


def level(blocks: Iterable[NDArray[np.float32]]) -> tuple[float, float]:
    """Return the mean and the gain that peak-normalize a waveform given in blocks.

    The normalized waveform is ``(x - mean) * gain`` with ``gain = 1 / (max|x - mean| + 0.005)``.

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


def normalize_peak(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Remove the mean and bring the peak just below one: ``(x - mean) / (max|x - mean| + 0.005)``.

    Shape:
        waveform, result: [samples].

    >>> normalize_peak(np.array([1.0, 2.0, 3.0], np.float32)).round(3)
    array([-0.995,  0.   ,  0.995], dtype=float32)
    """
    mean, gain = level([waveform])
    return (waveform - mean) * gain
