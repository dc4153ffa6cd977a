"""Where a recording is silent, in steps of a tenth of a second."""

import math

import numpy as np
from numpy.typing import NDArray

SILENT_DB = -80.0  # relative to full scale: inaudible
SILENT_PEAK = 10 ** (SILENT_DB / 20)


def step_samples(sample_rate: int) -> int:
    """Return the length of a step: a tenth of a second, in samples."""
    return max(1, round(sample_rate / 10))


class Silence:
    """Notes which steps of a waveform are silent, block by block.

    A step is silent if its samples stay within `SILENT_PEAK` of their middle, so an offset is no
    sound.

    Args:
        sample_rate: in Hz.
    """

    def __init__(self, sample_rate: int) -> None:
        self._n_step = step_samples(sample_rate)
        self._rest = np.empty(0, np.float32)
        self._steps = np.empty(0, np.bool_)

    def add(self, block: NDArray[np.float32]) -> None:
        """Add the next part of the waveform: [samples]."""
        waveform = np.concatenate([self._rest, block])
        n_used = len(waveform) // self._n_step * self._n_step
        self._note(waveform[:n_used].reshape(-1, self._n_step))
        self._rest = waveform[n_used:]

    def steps(self) -> NDArray[np.bool_]:
        """Return which steps are silent, once the waveform is complete; the last may be shorter.

        Shape:
            result: [steps].
        """
        if len(self._rest):
            self._note(self._rest[None])
            self._rest = self._rest[:0]
        return self._steps

    def _note(self, steps: NDArray[np.float32]) -> None:
        is_silent = np.ptp(steps, axis=1) < 2 * SILENT_PEAK
        self._steps = np.concatenate([self._steps, is_silent])


def is_silent(steps: NDArray[np.bool_], sample_rate: int, start_s: float, end_s: float) -> bool:
    """Return whether a stretch of a waveform is silent: every step that it touches.

    Args:
        steps: which steps are silent.
        sample_rate: in Hz.
        start_s: start of the stretch, in seconds.
        end_s: end of the stretch.

    Shape:
        steps: [steps].
    """
    step_s = step_samples(sample_rate) / sample_rate
    first, last = math.floor(start_s / step_s + 1e-6), math.ceil(end_s / step_s - 1e-6)
    return bool(steps[first : max(last, first + 1)].all())
