"""Landmarks: pairs of spectral peaks that recur in copies of a recording (Wang 2003).

"An industrial-strength audio search algorithm", ISMIR 2003. A landmark is named by the frequencies
of two peaks and the time between them. Many landmarks survive a codec, another gain, another
sample rate or a cut, all with the same offset in time. Times are in frames of `HOP_LENGTH` samples
at `SAMPLE_RATE`.
"""

from collections.abc import Iterable

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter
from scipy.signal import get_window

SAMPLE_RATE = 8000  # in Hz; above 4 kHz, codecs and resampling change more
N_FFT, HOP_LENGTH = 512, 128
NEIGHBORHOOD = (17, 25)  # frames and bins in which a peak is the maximum; noise has 33 a second
LOWEST_BIN, HIGHEST_BIN = 4, 224  # 62 to 3,500 Hz
FLOOR = 1e-7  # of the loudest bin's energy: what is quieter may be the noise of a codec
SILENCE = 1e-9  # energy of a bin; a tone at -80 dB of full scale has 1e-4
N_FOLLOWERS = 8  # a peak is paired with at most so many of those that follow it
MOST_FRAMES, MOST_BINS = 63, 63  # between two peaks: 1 s, 1 kHz

Landmarks = tuple[NDArray[np.uint32], NDArray[np.int32]]
"""The names of landmarks, and the frames of their first peaks: each [landmarks]."""


def landmarks(blocks: Iterable[NDArray[np.float32]]) -> Landmarks:
    """Return the landmarks of a waveform at `SAMPLE_RATE`.

    Args:
        blocks: the waveform in consecutive blocks; it is processed block by block.

    Shape:
        each block: [samples]; results: [landmarks].
    """
    n_border = NEIGHBORHOOD[0] // 2  # frames at the end of a block are left to the next one
    times, bins = [], []
    waveform, first = np.zeros(N_FFT // 2, np.float32), 0
    for block in (*blocks, None):
        is_last = block is None
        waveform = np.concatenate([waveform, np.zeros(N_FFT // 2) if is_last else block])
        n_frames = (len(waveform) - N_FFT) // HOP_LENGTH + 1
        if n_frames <= 2 * n_border and not is_last:
            continue
        time, bin = _peaks(waveform, n_frames)
        start = n_border if first else 0
        end = n_frames if is_last else n_frames - n_border
        is_inside = (start <= time) & (time < end)
        times.append(time[is_inside] + first)
        bins.append(bin[is_inside])
        n_used = n_frames - 2 * n_border
        waveform, first = waveform[n_used * HOP_LENGTH :], first + n_used
    return _pairs(np.concatenate(times), np.concatenate(bins))


def _peaks(waveform: np.ndarray, n_frames: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return frames and bins of the peaks of a spectrogram, in order of time: each [peaks]."""
    frames = sliding_window_view(waveform.astype(np.float32), N_FFT)[::HOP_LENGTH][:n_frames]
    spectra = scipy.fft.rfft(frames * get_window("hann", N_FFT).astype(np.float32))
    energy = np.square(spectra.real) + np.square(spectra.imag)
    energy = energy[:, LOWEST_BIN:HIGHEST_BIN]
    is_peak = energy == maximum_filter(energy, NEIGHBORHOOD, mode="constant")
    is_peak &= energy > max(SILENCE, FLOOR * float(energy.max()))
    frame, bin = is_peak.nonzero()
    return frame, bin


def _pairs(frame: NDArray[np.int64], bin: NDArray[np.int64]) -> Landmarks:
    """Pair each peak with some of the following ones."""
    names, frames = [np.empty(0, np.uint32)], [np.empty(0, np.int32)]
    for n_later in range(1, N_FOLLOWERS + 1):
        n_frames, n_bins = frame[n_later:] - frame[:-n_later], bin[n_later:] - bin[:-n_later]
        is_near = (n_frames > 0) & (n_frames <= MOST_FRAMES) & (abs(n_bins) <= MOST_BINS)
        first = np.flatnonzero(is_near)
        # 8 bits for the bin, 7 for the distance in bins, 6 for that in frames
        name = (bin[first] << 13) | ((n_bins[first] + MOST_BINS + 1) << 6) | n_frames[first]
        names.append(name.astype(np.uint32))
        frames.append(frame[first].astype(np.int32))
    return np.concatenate(names), np.concatenate(frames)
