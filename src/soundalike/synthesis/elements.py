"""What synthetic sounds are made of: draws, noise, spectral shaping, ringing modes, events in time.

Every sound generator of the ``synthesis_*`` modules has the form ``(rng, n_samples) -> waveform``:
float64 samples at 44,100 Hz at any level, all of it drawn from ``rng``. The draws come from
``numpy.random.RandomState`` because its streams are frozen across versions of numpy, while those of
``numpy.random.Generator`` may change: same seed, same sound.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from scipy import fft

FloatArray = NDArray[np.float64]
SoundGenerator = Callable[[RandomState, int], FloatArray]

SAMPLE_RATE = 44_100
_PADDING = 4096  # silence behind a waveform that is shaped: what smears does not wrap round
_BLOCK = 256


def log_uniform(rng: RandomState, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform: as natural for pitches, rates and decays."""
    return float(low * (high / low) ** rng.random_sample())


def chance(rng: RandomState, probability: float) -> bool:
    """Draw whether something happens."""
    return bool(rng.random_sample() < probability)


def white_noise(rng: RandomState, n_samples: int) -> FloatArray:
    """Draw white noise, uniform in [-1, 1): as flat as Gaussian noise and several times cheaper."""
    return 2.0 * rng.random_sample(n_samples) - 1.0


def wander(rng: RandomState, n_samples: int, rate: float) -> FloatArray:
    """Draw a curve that wanders in [-1, 1], with a new random goal ``rate`` times a second."""
    n_goals = 2 + int(np.ceil(n_samples / SAMPLE_RATE * rate))
    goals = 2.0 * rng.random_sample(n_goals) - 1.0
    phase = rng.random_sample() + np.arange(n_samples) * (rate / SAMPLE_RATE)
    position = np.minimum(phase, n_goals - 1.000001)
    return np.interp(position, np.arange(n_goals), goals)


def seconds(n_samples: int) -> FloatArray:
    """Time of each sample in seconds."""
    return np.arange(n_samples) / SAMPLE_RATE


def decay(n_samples: int, decay_s: float, attack_s: float = 0.0005) -> FloatArray:
    """Envelope that rises linearly within ``attack_s`` and falls by 1/e every ``decay_s``."""
    time_s = seconds(n_samples)
    return np.exp(-time_s / decay_s) * np.minimum(1.0, time_s / attack_s)


def release(n_samples: int, release_s: float = 0.012) -> FloatArray:
    """Envelope of a sound that is stopped: one, then down to nothing within ``release_s``."""
    return np.minimum(1.0, np.arange(n_samples, 0, -1) / (release_s * SAMPLE_RATE))


def swell(n_samples: int, shape: float = 1.0) -> FloatArray:
    """Envelope that rises from nothing and falls back to it; a small ``shape`` makes it flat."""
    half_turn = np.pi * (np.arange(n_samples) + 0.5) / n_samples
    return np.sin(half_turn) ** shape


def shape_spectrum(
    waveform: FloatArray, gain: Callable[[FloatArray], NDArray[np.inexact]]
) -> FloatArray:
    """Filter a waveform by a gain over frequency (real gains shift no phase)."""
    n_fft = fft.next_fast_len(len(waveform) + _PADDING, real=True)
    frequencies = np.maximum(fft.rfftfreq(n_fft, 1 / SAMPLE_RATE), 1e-3)
    spectrum = fft.rfft(waveform, n_fft) * gain(frequencies)
    return fft.irfft(spectrum, n_fft)[: len(waveform)]


def band_gain(frequencies: FloatArray, low: float, high: float, order: int = 2) -> FloatArray:
    """Butterworth magnitude of a band from ``low`` to ``high`` Hz, 6 * ``order`` dB an octave."""
    below = (low / frequencies) ** (2 * order)
    above = (frequencies / high) ** (2 * order)
    return 1.0 / np.sqrt((1.0 + below) * (1.0 + above))


def band_pass(waveform: FloatArray, low: float, high: float, order: int = 2) -> FloatArray:
    """Keep the band from ``low`` to ``high`` Hz."""
    return shape_spectrum(waveform, lambda frequencies: band_gain(frequencies, low, high, order))


def resonance_gain(
    frequencies: FloatArray, centers: Sequence[float], q: float, floor: float
) -> FloatArray:
    """Gain with a peak of quality ``q`` at every center, each weaker than the one before."""
    gain = np.full_like(frequencies, floor)
    for k, center in enumerate(centers):
        detuning = q * (frequencies / center - center / frequencies)
        gain += 0.8**k / (1.0 + detuning * detuning)
    return gain


def moving_noise(rng: RandomState, center: FloatArray, bandwidth: float) -> FloatArray:
    """Noise whose band follows a curve of center frequencies: slow noise on a gliding carrier."""
    n_samples = len(center)
    turn = 2 * np.pi * np.cumsum(center) / SAMPLE_RATE
    slow_a = band_pass(white_noise(rng, n_samples), 1.0, bandwidth / 2, order=1)
    slow_b = band_pass(white_noise(rng, n_samples), 1.0, bandwidth / 2, order=1)
    return slow_a * np.cos(turn) + slow_b * np.sin(turn)


def ring(
    frequencies: ArrayLike, decays_s: ArrayLike, amplitudes: ArrayLike, n_samples: int
) -> FloatArray:
    """Sum of decaying sinusoids: what a body of these modes sounds like when it is hit once.

    A mode is a geometric series, so sample ``256 a + b`` is a power of ``a`` times one of ``b``:
    the whole sum over modes is one product of two small matrices.

    Args:
        frequencies: of the modes, in Hz; those above the Nyquist frequency are silent.
        decays_s: time in which a mode falls by 1/e.
        amplitudes: of the modes at the moment of the hit.
        n_samples: length of the result.
    """
    frequency = np.asarray(frequencies, dtype=np.float64)
    amplitude = np.where(frequency < SAMPLE_RATE / 2, amplitudes, 0.0)
    logarithm = (-1.0 / np.asarray(decays_s) + 2j * np.pi * frequency) / SAMPLE_RATE
    n_blocks = -(-n_samples // _BLOCK)
    across = amplitude * np.exp(np.outer(np.arange(n_blocks) * _BLOCK, logarithm))
    within = np.exp(np.outer(logarithm, np.arange(_BLOCK)))
    blocks = across.imag @ within.real + across.real @ within.imag  # sines: no click at the start
    return blocks.reshape(-1)[:n_samples]


def lay(sounds: Iterable[tuple[float, FloatArray]], n_samples: int) -> FloatArray:
    """Lay sounds over each other, each at its start in seconds; what passes the end is cut."""
    waveform = np.zeros(n_samples)
    for start_s, sound in sounds:
        start = int(start_s * SAMPLE_RATE)
        end = min(start + len(sound), n_samples)
        if start < end:
            waveform[start:end] += sound[: end - start]
    return waveform


def random_times(rng: RandomState, rate: float, duration_s: float) -> FloatArray:
    """Times in seconds of independent events, ``rate`` a second (Poisson); one at least."""
    n_events = max(1, rng.poisson(rate * duration_s))
    times_s = np.sort(rng.random_sample(n_events)) * duration_s
    return times_s - rng.random_sample() * times_s[0]  # recordings begin when something is near


def steady_times(
    rng: RandomState, interval_s: float, jitter: float, duration_s: float
) -> FloatArray:
    """Times in seconds of a rhythm whose intervals vary by the share ``jitter``; one at least."""
    n_events = int(duration_s / interval_s / max(0.2, 1.0 - jitter)) + 2
    intervals_s = interval_s * (1.0 + jitter * (2.0 * rng.random_sample(n_events) - 1.0))
    start_s = 0.4 * rng.random_sample() * min(interval_s, duration_s)
    times_s = start_s + np.concatenate([[0.0], np.cumsum(intervals_s)])
    return times_s[times_s < duration_s]


def impulses(rng: RandomState, rate: float, n_samples: int) -> FloatArray:
    """Sparse impulses of random sign and height, on average ``rate`` a second."""
    n_events = max(1, rng.poisson(rate * n_samples / SAMPLE_RATE))
    waveform = np.zeros(n_samples)
    heights = rng.exponential(size=n_events) * (2 * rng.randint(2, size=n_events) - 1)
    np.add.at(waveform, rng.randint(n_samples, size=n_events), heights)
    return waveform


def pulse_times(rate: FloatArray) -> FloatArray:
    """Times in seconds at which an oscillator of this rate in Hz a sample completes a turn."""
    turns = np.cumsum(rate) / SAMPLE_RATE
    n_pulses = int(turns[-1]) + 1
    return np.searchsorted(turns, np.arange(n_pulses)) / SAMPLE_RATE
