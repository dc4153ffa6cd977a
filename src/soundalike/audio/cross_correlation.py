"""Whether two waveforms hold the same recording: normalized cross-correlation over all lags.

Waveforms have a low sample rate such as 8 kHz, at which copies agree whatever their codec. Times
are in samples.

A high correlation proves nothing where few degrees of freedom make it: any two tones of one
frequency correlate to 1 at some lag, and so do two clicks. So waveforms are flattened over
frequency and time, `n_independent` counts the degrees of freedom that are left (two for a tone),
and the correlation must exceed that at all other lags.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

INTERPOLATION = 4  # lags per sample: white noise half a sample apart correlates to 0.64 only
LEAST_CORRELATION = 0.7
# The flattened waveforms correlate more than at any other lag, by so many standard deviations of a
# correlation by chance.
LEAST_DEVIATIONS = 5.0
LONGEST_PERIOD_S = 0.25  # other lags are up to this; a loop of longer sounds is no buzz
BLOCKS_PER_S = 8  # a match begins and ends with one of these
FLAT_HZ, FLAT_S = 60.0, 0.03  # flattened over more than this
FLAT_RANGE = 1e-4  # of the highest energy: 40 dB; what is quieter stays quieter


@dataclass(frozen=True)
class Match:
    """Where a waveform and a reference hold the same recording.

    Args:
        start: first sample of the match in the waveform.
        end: the one after its last.
        lag: position in the reference minus position in the waveform; not always a whole number.
        correlation: of the match, from -1 to 1; negative where the polarity is inverted.
    """

    start: int
    end: int
    lag: float
    correlation: float


def match(
    waveform: NDArray[np.float32], reference: NDArray[np.float32], sample_rate: int
) -> Match | None:
    """Find the longest part of a waveform that a reference holds too, at the best lag.

    Args:
        waveform: the waveform.
        reference: at least as long.
        sample_rate: of both, in Hz.

    Returns:
        The match; None if it is shorter than half a second or may be chance.

    Shape:
        waveform: [samples]; reference: [samples].
    """
    if 2 * len(waveform) < sample_rate:
        return None
    waveform, reference = _centered(waveform), _centered(reference)
    if not (waveform.any() and reference.any()):
        return None
    lag = best_lag(waveform, reference)
    copy = shifted(reference, lag, len(waveform))
    start, end = matching_part(waveform, copy, sample_rate // BLOCKS_PER_S)
    if 2 * (end - start) < sample_rate:
        return None
    waveform, copy = waveform[start:end], copy[start:end]
    value = correlation(waveform, copy)
    if abs(value) < LEAST_CORRELATION or deviations(waveform, copy, sample_rate) < LEAST_DEVIATIONS:
        return None
    return Match(start, end, lag, value)


def correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Return the normalized correlation of two waveforms [samples], from -1 to 1; 0 for silence."""
    norm = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / norm if norm > 0 else 0.0


def best_lag(waveform: NDArray[np.float32], reference: NDArray[np.float32]) -> float:
    """Return the lag of the highest correlation, positive or negative, in steps of 1/4 sample.

    All lags at which the whole waveform lies in the reference are compared.

    Shape:
        waveform: [samples]; reference: [samples], at least as many.
    """
    n_lags = len(reference) - len(waveform) + 1
    size = scipy.fft.next_fast_len(len(reference), real=True)
    spectrum = scipy.fft.rfft(reference, size) * scipy.fft.rfft(waveform, size).conj()
    products = scipy.fft.irfft(spectrum, INTERPOLATION * size)
    products = abs(products[: INTERPOLATION * (n_lags - 1) + 1])
    energy = np.concatenate([[0.0], np.square(reference, dtype=np.float64).cumsum()])
    energy = energy[len(waveform) :] - energy[:n_lags]
    # Where the reference is nearly silent, rounding would decide.
    norm = np.sqrt(np.maximum(energy, 1e-6 * energy.max()))
    norm = norm.repeat(INTERPOLATION)[: len(products)]
    return int((products / norm).argmax()) / INTERPOLATION


def shifted(reference: NDArray[np.float32], lag: float, n_samples: int) -> NDArray[np.float32]:
    """Return a part of a reference that starts between two samples.

    Shape:
        reference: [samples]; result: [n_samples].
    """
    start = int(lag)
    if lag != start:
        frequency = scipy.fft.rfftfreq(len(reference)).astype(np.float32)
        phase = np.exp(2j * np.pi * (lag - start) * frequency).astype(np.complex64)
        reference = scipy.fft.irfft(scipy.fft.rfft(reference) * phase, len(reference))
    return reference[start : start + n_samples]


def matching_part(
    a: NDArray[np.float32], b: NDArray[np.float32], block_length: int
) -> tuple[int, int]:
    """Return the first sample of the part in which two waveforms agree, and the one after its last.

    Blocks that correlate above `LEAST_CORRELATION` count for a part and others against it, each by
    its energy. So a quiet block that a codec has ruined does not end a part.

    Shape:
        a, b: [samples].
    """
    n_blocks = -(-len(a) // block_length)
    blocks = np.zeros((2, n_blocks * block_length), np.float32)
    blocks[0, : len(a)], blocks[1, : len(b)] = a, b
    first, second = blocks.reshape(2, n_blocks, block_length)
    product = np.einsum("bs,bs->b", first, second)
    norm = np.sqrt(np.square(first).sum(axis=1) * np.square(second).sum(axis=1))
    product *= np.sign(product.sum())
    totals = np.concatenate([[0.0], (product - LEAST_CORRELATION * norm).cumsum()])
    # The part with the highest sum: from the lowest total so far to the highest from there.
    gains = totals[1:] - np.minimum.accumulate(totals)[:-1]
    end = int(gains.argmax()) + 1
    start = int(totals[:end].argmin())
    return start * block_length, min(end * block_length, len(a))


def deviations(a: NDArray[np.float32], b: NDArray[np.float32], sample_rate: int) -> float:
    """Return by how many standard deviations aligned waveforms correlate more than by chance.

    Chance is the highest correlation at other lags. It is nearly as high for a periodic sound.

    Shape:
        a, b: [samples].
    """
    a, b = flattened(a, b, sample_rate)
    n_lags = min(round(LONGEST_PERIOD_S * sample_rate), len(a) - 1)
    values = correlations(a, b, n_lags)
    best = values[n_lags]
    # What is next to the best lag, until half of it, belongs to the same peak.
    low = np.flatnonzero(values < best / 2) - n_lags
    before, after = low[low < 0].max(initial=-n_lags), low[low > 0].min(initial=n_lags)
    second = max(values[: n_lags + before + 1].max(), values[n_lags + after :].max())
    return float(best - second) * math.sqrt(n_independent(a, b))


def correlations(
    a: NDArray[np.float32], b: NDArray[np.float32], n_lags: int
) -> NDArray[np.float32]:
    """Return the absolute correlations of what overlaps at each lag from -n_lags to n_lags.

    Shape:
        a, b: [samples]; result: [2 n_lags + 1].
    """
    size = scipy.fft.next_fast_len(len(a) + n_lags, real=True)
    products = scipy.fft.irfft(scipy.fft.rfft(b, size) * scipy.fft.rfft(a, size).conj(), size)
    products = np.concatenate([products[size - n_lags :], products[: n_lags + 1]])
    lags = np.arange(-n_lags, n_lags + 1)
    start, n_samples = np.maximum(0, -lags), len(a) - abs(lags)
    energy = []
    for wave, first in ((a, start), (b, start + lags)):
        total = np.concatenate([[0.0], np.square(wave, dtype=np.float64).cumsum()])
        energy.append(total[first + n_samples] - total[first])
    norm = np.sqrt(energy[0] * energy[1])
    values: NDArray[np.float32] = abs(products) / np.maximum(norm, 1e-6 * norm.max() + 1e-30)
    return values


def flattened(
    a: NDArray[np.float32], b: NDArray[np.float32], sample_rate: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Flatten the common spectrum of two waveforms, then their common envelope.

    Shape:
        a, b, results: [samples].
    """
    spectra = scipy.fft.rfft(np.stack([a, b]))
    n_bins = round(FLAT_HZ * len(a) / sample_rate)
    waveforms = scipy.fft.irfft(_flat(spectra, n_bins), len(a))
    flat = _flat(waveforms, round(FLAT_S * sample_rate))
    return flat[0], flat[1]


def _flat(pair: np.ndarray, width: int) -> np.ndarray:
    """Divide both by the square root of their common energy, averaged over a width: [2, values]."""
    energy = np.sqrt(np.square(np.abs(pair), dtype=np.float64).prod(axis=0))
    energy = uniform_filter1d(energy, max(1, width), mode="nearest")
    flat: np.ndarray = pair / np.sqrt(energy + FLAT_RANGE * energy.max() + 1e-30)
    return flat.astype(pair.dtype)


def n_independent(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Return how many independent samples two waveforms of equal length have in effect.

    Unrelated waveforms of the same spectra and envelopes correlate with a standard deviation of
    one by the root of this number. It is the number of samples, times the share of the band that
    the common spectrum takes, times the share of the time that the common envelope takes.

    Shape:
        a, b: [samples].
    """
    power_a, power_b = (np.abs(scipy.fft.rfft(x)) ** 2 for x in (a, b))
    block = max(1, len(a) // 256)
    n_used = len(a) // block * block
    energy_a, energy_b = (np.square(x[:n_used]).reshape(-1, block).sum(axis=1) for x in (a, b))
    return len(a) * _share(power_a, power_b) * _share(energy_a, energy_b)


def _share(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Return the share of bins that two densities take together: 1 if both are flat."""
    product = float(a.astype(np.float64) @ b)
    total = float(a.sum(dtype=np.float64) * b.sum(dtype=np.float64))
    return min(1.0, total / (len(a) * product or 1.0))


def _centered(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    return waveform - waveform.mean(dtype=np.float64).astype(np.float32)
