"""The front end: a waveform to log10 mel energies (Fonseca et al. 2021)."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from soundalike.audio.level import Level, measure_peak
from soundalike.audio.levels_by_minute import measure_minute_peak

# Frames transformed at a time: so few that their spectra stay in the processor's cache.
CHUNK_FRAMES = 64
LevelName = Literal["peak", "minute_peak"]
# Higher values are mistakes, and would fill the memory.
LARGEST = {
    "sample_rate": 2**20,
    "n_fft": 2**20,
    "win_length": 2**20,
    "hop_length": 2**20,
    "n_mels": 2**12,
}


@dataclass(frozen=True)
class LogMel:
    """The log-mel front end; the defaults are those of Fonseca et al. 2021.

    Frame ``t`` is centered on sample ``t * hop_length``, with the waveform reflected at its ends,
    so ``n_samples`` samples give exactly ``1 + n_samples // hop_length`` frames. A frame holds
    ``log10(mel energies + log_offset)`` of the power spectrum under a periodic Hamming window.

    Two front ends are equal if their settings are equal.

    Args:
        sample_rate: rate that sounds are resampled to, in Hz.
        n_fft: length of the Fourier transform, in samples; a shorter window is padded with zeros.
        win_length: length of the window, in samples.
        hop_length: distance from one frame to the next, in samples.
        n_mels: number of mel bands.
        fmin: lower edge of the lowest band, in Hz.
        fmax: upper edge of the highest band, in Hz.
        log_offset: added to the energies, so that the logarithm of silence is finite. Higher
            values hide more of a quiet background.
        min_duration_s: shorter clips are repeated up to this duration, in seconds.
        level: what is made equal: "peak", the peak of every clip, as in the paper; or
            "minute_peak", that of every minute, even a faint one; clicks do not count.

    Raises:
        ValueError: a setting is out of range, or settings contradict each other.
    """

    sample_rate: int = 22050
    n_fft: int = 2048
    win_length: int = 660
    hop_length: int = 220
    n_mels: int = 96
    fmin: float = 50.0
    fmax: float = 10500.0
    log_offset: float = 1.1e-8
    min_duration_s: float = 1.0
    level: LevelName = "peak"

    def __post_init__(self) -> None:
        for name in LARGEST:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
            if getattr(self, name) > LARGEST[name]:
                raise ValueError(
                    f"{name} must be at most {LARGEST[name]}, not {getattr(self, name)}"
                )
        if self.win_length > self.n_fft:
            raise ValueError(f"win_length ({self.win_length}) must not exceed n_fft ({self.n_fft})")
        if not 0 <= self.fmin < self.fmax <= self.sample_rate / 2:
            raise ValueError(
                f"fmin ({self.fmin} Hz) must be below fmax ({self.fmax} Hz), and fmax at most "
                f"half the sample_rate ({self.sample_rate / 2} Hz)"
            )
        if not 0 < self.log_offset < math.inf:
            raise ValueError(f"log_offset must be above 0 and finite, not {self.log_offset}")
        if not 0 <= self.min_duration_s <= 3600:
            raise ValueError(f"min_duration_s must be from 0 to 3600, not {self.min_duration_s}")
        if self.level not in get_args(LevelName):
            raise ValueError(
                f"level must be one of {', '.join(get_args(LevelName))}, not {self.level}"
            )

    @property
    def hop_s(self) -> float:
        """Seconds from one frame to the next."""
        return self.hop_length / self.sample_rate

    def __call__(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the log-mel of a waveform without normalizing or repeating it.

        Shape:
            waveform: [samples], at least one; result: [frames, bands].
        """
        return self.of_padded(np.pad(waveform, self.reflection, mode="reflect"))

    def of_clip(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the log-mel of a whole clip: at its `level`, and repeated if it is short.

        Shape:
            waveform: [samples] at ``sample_rate``, at least one; result: [frames, bands].
        """
        (clip,) = self.measure_level([waveform]).normalize([waveform])
        n_least = round(self.min_duration_s * self.sample_rate)
        return self(np.resize(clip, max(n_least, len(clip))))

    def measure_level(self, blocks: Iterable[NDArray[np.float32]]) -> Level:
        """Return the level of a whole clip.

        Shape:
            each block: [samples] at ``sample_rate``.
        """
        if self.level == "peak":
            return measure_peak(blocks)
        return measure_minute_peak(blocks, self.sample_rate)

    @property
    def reflection(self) -> tuple[int, int]:
        """Number of samples by which windows reach beyond the start and the end of a waveform."""
        before = self.n_fft // 2 - (self.n_fft - self.win_length) // 2
        return before, self.win_length - before

    def of_padded(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the log-mel of the windows that fit into a waveform.

        Shape:
            waveform: [samples], with the reflected samples at its ends; result: [frames, bands].
        """
        from scipy import fft  # slow to import, and opening a store needs only the settings

        window = hamming_window(self.win_length)
        first_bin, filterbank = _used_bins(
            self.sample_rate, self.n_fft, self.n_mels, self.fmin, self.fmax
        )
        last_bin = first_bin + len(filterbank)
        windows = sliding_window_view(waveform, self.win_length)[:: self.hop_length]
        log_mel = np.empty((len(windows), self.n_mels), np.float32)
        for start in range(0, len(windows), CHUNK_FRAMES):
            chunk = slice(start, start + CHUNK_FRAMES)
            # The window is at the start of the transform, not in its middle, which changes only
            # the phases.
            spectrum = fft.rfft(windows[chunk] * window, self.n_fft)[:, first_bin:last_bin]
            power = spectrum.real**2 + spectrum.imag**2
            np.matmul(power, filterbank, out=log_mel[chunk])
        log_mel += np.float32(self.log_offset)
        return np.log10(log_mel, out=log_mel)


def mel_filterbank(
    sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float
) -> NDArray[np.float32]:
    """Return triangular filters, evenly spaced on Slaney's mel scale, each with a peak of 1.

    The filters are not normalized by area, so the energy of a band grows with its width.

    Shape:
        result: [n_fft // 2 + 1, n_mels]; power spectra times it are mel energies.
    """
    edges = band_edges(n_mels, fmin, fmax)
    low, center, high = edges[:-2], edges[1:-1], edges[2:]
    frequencies = np.arange(n_fft // 2 + 1)[:, None] * sample_rate / n_fft
    rising = (frequencies - low) / (center - low)
    falling = (high - frequencies) / (high - center)
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def band_edges(n_mels: int, fmin: float, fmax: float) -> NDArray[np.float64]:
    """Return frequencies in Hz, evenly spaced on Slaney's mel scale.

    Band ``b`` begins at edge ``b``, has its center at ``b + 1`` and ends at ``b + 2``.

    Shape:
        result: [n_mels + 2].
    """
    return _mel_to_hz(np.linspace(_hz_to_mel(fmin), _hz_to_mel(fmax), n_mels + 2))


def _hz_to_mel(frequency: float) -> float:
    """Slaney's mel scale: linear up to 1 kHz (15 mel), then 27 mel to every factor of 6.4."""
    if frequency < 1000:
        return frequency * 3 / 200
    return 15 + 27 * math.log(frequency / 1000) / math.log(6.4)


def _mel_to_hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mels < 15, mels * 200 / 3, 1000 * 6.4 ** ((mels - 15) / 27))


@lru_cache
def hamming_window(win_length: int) -> NDArray[np.float32]:
    """Return a periodic Hamming window.

    Shape:
        result: [win_length].
    """
    from scipy.signal import get_window  # slow to import, and needed once

    return get_window("hamming", win_length).astype(np.float32)


@lru_cache
def _used_bins(
    sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float
) -> tuple[int, NDArray[np.float32]]:
    """Return the first bin that a filter uses, and the filterbank from there to the last one."""
    filterbank = mel_filterbank(sample_rate, n_fft, n_mels, fmin, fmax)
    (used,) = np.nonzero(filterbank.any(axis=1))
    if not len(used):
        return 0, filterbank[:1]
    return int(used[0]), filterbank[used[0] : used[-1] + 1]
