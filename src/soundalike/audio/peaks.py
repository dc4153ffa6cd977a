"""How loud the parts of a recording are: the largest sample, in steps of a tenth of a second."""

import math

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.silence import step_samples

LOWEST_DB = -120.0


class Peaks:
    """Notes the largest absolute sample of every step of a waveform, block by block.

    Args:
        sample_rate: in Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self._n_step = step_samples(sample_rate)
        self._rest = np.empty(0, np.float32)
        self._blocks: list[NDArray[np.float32]] = []

    def add(self, block: NDArray[np.float32]) -> None:
        """Add the next part of the waveform: [samples]."""
        waveform = np.concatenate([self._rest, np.abs(block)])
        n_used = len(waveform) // self._n_step * self._n_step
        self._blocks.append(waveform[:n_used].reshape(-1, self._n_step).max(axis=1))
        self._rest = waveform[n_used:]

    def steps(self) -> NDArray[np.float32]:
        """Return the peak of every step, once the waveform is complete; the last may be shorter.

        Shape:
            result: [steps].
        """
        last = [self._rest.max()] if len(self._rest) else []
        return np.concatenate([*self._blocks, np.array(last, np.float32)])


def peak_db(steps: NDArray[np.float32], sample_rate: int, start_s: float, end_s: float) -> float:
    """Return the peak of a stretch of a waveform: the largest of the steps that it touches.

    Args:
        steps: peak of every step.
        sample_rate: in Hz.
        start_s: start of the stretch, in seconds.
        end_s: end of the stretch.

    Returns:
        Decibels relative to full scale, at least -120.

    Shape:
        steps: [steps].
    """
    step_s = step_samples(sample_rate) / sample_rate
    first, last = math.floor(start_s / step_s + 1e-6), math.ceil(end_s / step_s - 1e-6)
    peak = float(steps[first : max(last, first + 1)].max(initial=0.0))
    return max(LOWEST_DB, 20 * math.log10(peak)) if peak > 0 else LOWEST_DB
