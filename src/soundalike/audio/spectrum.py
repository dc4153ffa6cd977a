"""Where the energy of a recording lies, and whether there is any, measured while it is decoded."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from soundalike.audio.silence import SILENT_PEAK

# One of so many tenths of a second is transformed: cheap, and bins of 10 Hz at any sample rate.
STEP = 10
BIN_HZ = 10.0


@dataclass(frozen=True)
class Band:
    """The energy of a recording in and around a band of frequencies.

    Args:
        below: share of the energy below the band; offsets and drift do not count.
        above: share of the energy above it.
        lowest: 1% of the energy lies below this frequency, in Hz.
        highest: 1% of the energy lies above this frequency, in Hz.
    """

    below: float
    above: float
    lowest: float
    highest: float


class Spectrum:
    """Adds up the power spectrum of a recording, and notes its range, block by block.

    The parts of a joined recording may have different sample rates.
    """

    def __init__(self) -> None:
        self._power = np.zeros(0)
        self._lowest, self._highest = np.inf, -np.inf

    @property
    def is_silent(self) -> bool:
        """Whether all samples so far are within `SILENT_PEAK` of their middle."""
        return bool(self._highest - self._lowest < 2 * SILENT_PEAK)

    def add(self, block: NDArray[np.float32], sample_rate: int) -> None:
        """Add a block; a tenth of it is transformed.

        Shape:
            block: [samples], at least one.
        """
        from scipy import fft  # slow to import

        self._lowest = min(self._lowest, float(block.min()))
        self._highest = max(self._highest, float(block.max()))
        n_fft = max(2, round(sample_rate / BIN_HZ))
        if len(block) < n_fft:
            frames = block[None]
        else:
            starts = np.arange(0, len(block) - n_fft + 1, STEP * n_fft)
            frames = sliding_window_view(block, n_fft)[starts]
        window = np.hanning(frames.shape[1] + 2)[1:-1].astype(np.float32)
        frames = (frames - frames.mean(axis=1, keepdims=True)) * window
        amplitudes = np.abs(fft.rfft(frames, n_fft, axis=1))
        power = np.square(amplitudes).sum(axis=0, dtype=np.float64) / n_fft**2
        n_bins = max(len(power), len(self._power))
        self._power = _padded(self._power, n_bins) + _padded(power, n_bins)

    def band(self, fmin: float, fmax: float) -> Band:
        """Return what lies around a band; NaN for silence."""
        cumulative = np.cumsum(self._power)
        if not len(cumulative) or not 0 < cumulative[-1] < np.inf:
            return Band(*[float("nan")] * 4)
        shares = cumulative / cumulative[-1]
        return Band(
            below=_share_up_to(shares, fmin),
            above=1 - _share_up_to(shares, fmax),
            lowest=BIN_HZ * float(np.searchsorted(shares, 0.01)),
            highest=BIN_HZ * float(np.searchsorted(shares, 0.99) + 1),
        )


def _padded(power: NDArray[np.float64], n_bins: int) -> NDArray[np.float64]:
    return np.pad(power, (0, n_bins - len(power)))


def _share_up_to(shares: NDArray[np.float64], frequency: float) -> float:
    """Return the share of the energy in the bins whose center is at most a frequency."""
    index = int(frequency / BIN_HZ)
    return float(shares[min(index, len(shares) - 1)])
