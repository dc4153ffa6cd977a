"""Convert a log-mel back to sound, so that people can hear an augmented view."""

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from soundalike.audio.log_mel import LogMel, hamming_window, mel_filterbank

# Overshoot of the fast Griffin-Lim algorithm; 0.99 is best in Perraudin et al. (2013).
MOMENTUM = 0.99


def to_waveform(
    log_mel: NDArray[np.float32], front_end: LogMel, n_iterations: int = 32, seed: int = 0
) -> NDArray[np.float32]:
    """Return sound whose log-mel is close to `log_mel` (Griffin and Lim 1984, the fast variant).

    The pseudo-inverse of the filterbank turns the energies into power spectra. The phases start at
    random and are adjusted until overlapping windows agree.

    Args:
        log_mel: log10 mel energies, not standardized.
        front_end: the front end that made `log_mel`.
        n_iterations: rounds of phase adjustment; more rounds sound cleaner and take longer.
        seed: random seed of the phases.

    Shape:
        log_mel: [frames, bands]; result: [samples], from the center of the first frame to that of
        the last, so that its log-mel has the same number of frames.
    """
    n_fft, win_length, hop_length = front_end.n_fft, front_end.win_length, front_end.hop_length
    energies = np.maximum(10.0**log_mel - front_end.log_offset, 0)
    magnitudes = np.sqrt(np.maximum(energies @ _inverse_filterbank(front_end), 0))
    window = hamming_window(win_length)
    overlap = _overlap_add(np.tile(window**2, (len(log_mel), 1)), hop_length)
    overlap[overlap == 0] = 1  # gaps between windows that do not overlap
    cycles = np.random.default_rng(seed).random(magnitudes.shape, np.float32)
    phases = np.exp(2j * np.pi * cycles).astype(np.complex64)
    previous = np.complex64(0)
    for _ in range(n_iterations):
        waveform = _synthesize(magnitudes * phases, front_end) / overlap
        windows = sliding_window_view(waveform, win_length)[::hop_length]
        spectrum = scipy.fft.rfft(windows * window, n_fft)
        ahead = spectrum + MOMENTUM * (spectrum - previous)
        phases = ahead / np.maximum(np.abs(ahead), np.finfo(np.float32).tiny)
        previous = spectrum
    waveform = _synthesize(magnitudes * phases, front_end) / overlap
    before = front_end.reflection[0]
    return waveform[before : before + (len(log_mel) - 1) * hop_length + 1]


def _synthesize(spectrum: NDArray[np.complex64], front_end: LogMel) -> NDArray[np.float32]:
    """Return the overlap-added frames of a spectrum: [samples]."""
    frames = scipy.fft.irfft(spectrum, front_end.n_fft)[:, : front_end.win_length]
    return _overlap_add(frames * hamming_window(front_end.win_length), front_end.hop_length)


def _overlap_add(frames: NDArray[np.float32], hop_length: int) -> NDArray[np.float32]:
    """Return the sum of frames [frames, win_length] that start ``hop_length`` samples apart."""
    n_frames, win_length = frames.shape
    waveform = np.zeros((n_frames - 1) * hop_length + win_length, np.float32)
    for index, frame in enumerate(frames):
        start = index * hop_length
        waveform[start : start + win_length] += frame
    return waveform


@lru_cache
def _inverse_filterbank(front_end: LogMel) -> NDArray[np.float32]:
    filterbank = mel_filterbank(
        front_end.sample_rate, front_end.n_fft, front_end.n_mels, front_end.fmin, front_end.fmax
    )
    return np.linalg.pinv(filterbank)
