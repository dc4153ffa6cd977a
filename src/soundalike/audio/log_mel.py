"""A waveform as log10 mel energies: the front end of Fonseca et al. 2021."""

import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from soundalike.audio.level import level, normalize_peak
from soundalike.audio.waveform import read_blocks

# A clip up to this length is decoded once and held; a longer one is read twice, block by block.
HELD_S = 60.0
# Frames transformed at a time: their spectra stay in the processor's cache.
CHUNK_FRAMES = 64


@dataclass(frozen=True)
class LogMel:
    """The log-mel front end; the defaults are those of Fonseca et al. 2021.

    Frame ``t`` is centered on sample ``t * hop_length``, with the waveform reflected at its ends,
    so ``n_samples`` give exactly ``1 + n_samples // hop_length`` frames. A frame holds
    ``log10(mel energies + log_offset)`` of the power spectrum under a periodic Hamming window.

    Two front ends are the same when their ``dataclasses.asdict`` are.

    Args:
        sample_rate: in Hz.
        n_fft: length of the Fourier transform; a window shorter than it is padded with zeros.
        win_length: length of the window, in samples.
        hop_length: from one frame to the next, in samples.
        n_mels: number of bands.
        fmin: lower edge of the lowest band, in Hz.
        fmax: upper edge of the highest band, in Hz.
        log_offset: added to the energies, so that silence has a logarithm.
        min_duration_s: clips shorter than this are repeated up to it, in seconds.

    Raises:
        ValueError: settings that contradict each other.
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

    def __post_init__(self) -> None:
        for name in ("sample_rate", "n_fft", "win_length", "hop_length", "n_mels"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.win_length > self.n_fft:
            raise ValueError(f"win_length ({self.win_length}) must not exceed n_fft ({self.n_fft})")
        if not 0 <= self.fmin < self.fmax <= self.sample_rate / 2:
            raise ValueError(
                f"fmin ({self.fmin} Hz) must be below fmax ({self.fmax} Hz), and fmax at most "
                f"half the sample_rate ({self.sample_rate / 2} Hz)"
            )
        if not self.log_offset > 0:
            raise ValueError(f"log_offset must be above 0, not {self.log_offset}")
        if not 0 <= self.min_duration_s < math.inf:
            raise ValueError(f"min_duration_s must be 0 or more, not {self.min_duration_s}")

    @property
    def hop_s(self) -> float:
        """Seconds from one frame to the next."""
        return self.hop_length / self.sample_rate

    def __call__(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-mel of a waveform as it is: neither normalized nor repeated.

        Shape:
            waveform: [samples], at least one; result: [frames, bands].
        """
        return self._of_padded(np.pad(waveform, self.reflection, mode="reflect"))

    def of_file(
        self,
        path: str | os.PathLike[str],
        start_s: float | None = None,
        end_s: float | None = None,
    ) -> NDArray[np.float32]:
        """Log-mel of a clip, whole: :meth:`blocks` put end to end."""
        return np.concatenate(list(self.blocks(path, start_s, end_s)))

    def of_clip(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-mel of a clip that is held whole: peak-normalized, and repeated if it is short.

        Shape:
            waveform: [samples] at ``sample_rate``, at least one; result: [frames, bands].
        """
        clip = normalize_peak(waveform)
        n_least = round(self.min_duration_s * self.sample_rate)
        return self(np.resize(clip, max(n_least, len(clip))))

    def blocks(
        self,
        path: str | os.PathLike[str],
        start_s: float | None = None,
        end_s: float | None = None,
    ) -> Iterator[NDArray[np.float32]]:
        """Log-mel of a clip, block by block, so that the length of the file does not matter.

        The clip is read as mono, resampled, and peak-normalized over its whole length; one shorter
        than ``min_duration_s`` is then repeated.

        Args:
            path: a sound file.
            start_s: where the clip starts in it, in seconds; its start by default.
            end_s: where the clip ends, in seconds; the file's end by default.

        Shape:
            each block: [frames, bands].

        Raises:
            AudioError: the file cannot be read or used.
        """
        held: list[NDArray[np.float32]] = []
        n_most = round(max(HELD_S, self.min_duration_s) * self.sample_rate)
        waveforms = read_blocks(path, self.sample_rate, start_s, end_s)
        for waveform in waveforms:
            held.append(waveform)
            if sum(map(len, held)) > n_most:
                break
        else:
            clip = normalize_peak(np.concatenate(held))
            n_least = round(self.min_duration_s * self.sample_rate)
            yield self(np.resize(clip, max(n_least, len(clip))))
            return
        mean, gain = level(chain(held, waveforms))
        waveforms = read_blocks(path, self.sample_rate, start_s, end_s)
        yield from self.of_blocks((waveform - mean) * gain for waveform in waveforms)

    def of_blocks(self, waveforms: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """Log-mel of a waveform that comes in blocks, the same as of the whole of it.

        Shape:
            each waveform: [samples]; each result: [frames, bands].
        """
        before, after = self.reflection
        waiting = np.empty(0, np.float32)
        at_start = True
        for waveform in waveforms:
            waiting = np.concatenate([waiting, waveform])
            # Hold back a window and what the end will need to be reflected.
            n_frames = (len(waiting) - after - self.win_length) // self.hop_length
            if n_frames < 1:
                continue
            if at_start:
                waiting = np.pad(waiting, (before, 0), mode="reflect")
                at_start = False
            n_used = n_frames * self.hop_length
            yield self._of_padded(waiting[: n_used - self.hop_length + self.win_length])
            waiting = waiting[n_used:]
        yield self._of_padded(np.pad(waiting, (before if at_start else 0, after), mode="reflect"))

    @property
    def reflection(self) -> tuple[int, int]:
        """Samples that the first window reaches before the start, and any window after its end."""
        before = self.n_fft // 2 - (self.n_fft - self.win_length) // 2
        return before, self.win_length - before

    def _of_padded(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-mel of the windows that fit into a waveform."""
        window = hamming_window(self.win_length)
        first_bin, filterbank = _used_bins(
            self.sample_rate, self.n_fft, self.n_mels, self.fmin, self.fmax
        )
        last_bin = first_bin + len(filterbank)
        windows = sliding_window_view(waveform, self.win_length)[:: self.hop_length]
        log_mel = np.empty((len(windows), self.n_mels), np.float32)
        for start in range(0, len(windows), CHUNK_FRAMES):
            chunk = slice(start, start + CHUNK_FRAMES)
            # The window stands at the start of the transform, not in its middle: this turns the
            # phases only.
            spectrum = scipy.fft.rfft(windows[chunk] * window, self.n_fft)[:, first_bin:last_bin]
            power = spectrum.real**2 + spectrum.imag**2
            np.matmul(power, filterbank, out=log_mel[chunk])
        log_mel += np.float32(self.log_offset)
        return np.log10(log_mel, out=log_mel)


def mel_filterbank(
    sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float
) -> NDArray[np.float32]:
    """Triangular filters, evenly spaced on Slaney's mel scale, each with its peak at one.

    Their areas are not made equal, so a band's energy grows with its width.

    Shape:
        result: [n_fft // 2 + 1, n_mels]; power spectra times it are mel energies.
    """
    edges = _mel_to_hz(np.linspace(_hz_to_mel(fmin), _hz_to_mel(fmax), n_mels + 2))
    low, center, high = edges[:-2], edges[1:-1], edges[2:]
    frequencies = np.arange(n_fft // 2 + 1)[:, None] * sample_rate / n_fft
    rising = (frequencies - low) / (center - low)
    falling = (high - frequencies) / (high - center)
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def _hz_to_mel(frequency: float) -> float:
    """Slaney's mel scale: linear up to 1 kHz (15 mel), then 27 mel to every factor of 6.4."""
    if frequency < 1000:
        return frequency * 3 / 200
    return 15 + 27 * math.log(frequency / 1000) / math.log(6.4)


def _mel_to_hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mels < 15, mels * 200 / 3, 1000 * 6.4 ** ((mels - 15) / 27))


@lru_cache
def hamming_window(win_length: int) -> NDArray[np.float32]:
    """A periodic Hamming window."""
    turns = np.arange(win_length) / win_length
    return (0.54 - 0.46 * np.cos(2 * np.pi * turns)).astype(np.float32)


@lru_cache
def _used_bins(
    sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float
) -> tuple[int, NDArray[np.float32]]:
    """The filterbank without the bins that no filter uses, and the first bin that one does."""
    filterbank = mel_filterbank(sample_rate, n_fft, n_mels, fmin, fmax)
    (used,) = np.nonzero(filterbank.any(axis=1))
    if not len(used):
        return 0, filterbank[:1]
    return int(used[0]), filterbank[used[0] : used[-1] + 1]
