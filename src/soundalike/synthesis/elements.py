"""Building blocks of synthetic sounds: draws, noise, filters, ringing modes, times of events.

A sound generator is a function ``(rng, n_samples) -> waveform`` that returns float64 [samples] at
44,100 Hz and at any level. All its randomness comes from ``rng``, a ``numpy.random.RandomState``:
numpy has frozen its streams, so the same seed gives the same sound in every version, unlike with
``numpy.random.Generator``.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from scipy import fft

FloatArray = NDArray[np.float64]
SoundGenerator = Callable[[RandomState, int], FloatArray]

SAMPLE_RATE = 44_100
_PADDING = 4096  # silence after a waveform that is filtered, so that its tail does not wrap around
_BLOCK = 256


def log_uniform(rng: RandomState, low: float, high: float) -> float:
    """Draw a number with a uniform logarithm, which suits pitches, rates and decays."""
    return float(low * (high / low) ** rng.random_sample())


def chance(rng: RandomState, probability: float) -> bool:
    """Return True with the given probability."""
    return bool(rng.random_sample() < probability)


def white_noise(rng: RandomState, n_samples: int) -> FloatArray:
    """Draw white noise, uniform in [-1, 1): as flat as Gaussian noise and several times faster."""
    return 2.0 * rng.random_sample(n_samples) - 1.0


def wander(rng: RandomState, n_samples: int, rate: float) -> FloatArray:
    """Draw a curve in [-1, 1] that joins ``rate`` random points a second by straight lines."""
    n_goals = 2 + int(np.ceil(n_samples / SAMPLE_RATE * rate))
    goals = 2.0 * rng.random_sample(n_goals) - 1.0
    phase = rng.random_sample() + np.arange(n_samples) * (rate / SAMPLE_RATE)
    position = np.minimum(phase, n_goals - 1.000001)
    return np.interp(position, np.arange(n_goals), goals)


def seconds(n_samples: int) -> FloatArray:
    """Return the time of each sample in seconds: [samples]."""
    return np.arange(n_samples) / SAMPLE_RATE


def decay(n_samples: int, decay_s: float, attack_s: float = 0.0005) -> FloatArray:
    """Return an envelope with a linear ``attack_s`` that falls by 1/e every ``decay_s``."""
    time_s = seconds(n_samples)
    envelope = np.exp(-time_s / decay_s)
    attack = time_s[: int(attack_s * SAMPLE_RATE) + 1] / attack_s
    envelope[: len(attack)] *= np.minimum(1.0, attack)
    return envelope


def release(n_samples: int, release_s: float = 0.012) -> FloatArray:
    """Return an envelope that is one and falls to zero in the last ``release_s``."""
    envelope = np.ones(n_samples)
    fall = np.arange(min(n_samples, int(release_s * SAMPLE_RATE) + 1), 0, -1)
    envelope[n_samples - len(fall) :] = np.minimum(1.0, fall / (release_s * SAMPLE_RATE))
    return envelope


def swell(n_samples: int, shape: float = 1.0) -> FloatArray:
    """Return an envelope that rises from zero and falls back; a small ``shape`` makes it flat."""
    half_turn = np.pi * (np.arange(n_samples) + 0.5) / n_samples
    return np.sin(half_turn) ** shape


def shape_spectrum(
    waveform: FloatArray, gain: Callable[[FloatArray], NDArray[np.inexact]]
) -> FloatArray:
    """Filter a waveform by a gain over frequency (real gains keep the phase)."""
    n_fft = fft.next_fast_len(len(waveform) + _PADDING, real=True)
    frequencies = np.maximum(fft.rfftfreq(n_fft, 1 / SAMPLE_RATE), 1e-3)
    spectrum = fft.rfft(waveform, n_fft) * gain(frequencies)
    return fft.irfft(spectrum, n_fft)[: len(waveform)]


def band_gain(frequencies: FloatArray, low: float, high: float, order: int = 2) -> FloatArray:
    """Return Butterworth gains of a band, ``low`` to ``high`` Hz, 6 * ``order`` dB an octave."""
    # Squared twice for the usual order of 2: other powers are slow.
    below = ((low / frequencies) ** 2) ** order
    above = ((frequencies / high) ** 2) ** order
    return 1.0 / np.sqrt((1.0 + below) * (1.0 + above))


def band_pass(waveform: FloatArray, low: float, high: float, order: int = 2) -> FloatArray:
    """Keep the band from ``low`` to ``high`` Hz."""
    return shape_spectrum(waveform, lambda frequencies: band_gain(frequencies, low, high, order))


def resonance_gain(
    frequencies: FloatArray, centers: Sequence[float], q: float, floor: float
) -> FloatArray:
    """Return a gain with a peak of quality ``q`` at every center, each lower than the last."""
    gain = np.full_like(frequencies, floor)
    for k, center in enumerate(centers):
        detuning = q * (frequencies / center - center / frequencies)
        gain += 0.8**k / (1.0 + detuning * detuning)
    return gain


def moving_noise(rng: RandomState, center: FloatArray, bandwidth: float) -> FloatArray:
    """Draw noise in a band that follows a curve of center frequencies: [samples]."""
    n_samples = len(center)
    turn = 2 * np.pi * np.cumsum(center) / SAMPLE_RATE
    slow_a = band_pass(white_noise(rng, n_samples), 1.0, bandwidth / 2, order=1)
    slow_b = band_pass(white_noise(rng, n_samples), 1.0, bandwidth / 2, order=1)
    return slow_a * np.cos(turn) + slow_b * np.sin(turn)


def ring(
    frequencies: ArrayLike, decays_s: ArrayLike, amplitudes: ArrayLike, n_samples: int
) -> FloatArray:
    """Return a sum of decaying sinusoids: the sound of hitting a body with these modes once.

    A mode is a geometric series, so sample ``256 a + b`` is the product of a power for ``a`` and
    one for ``b``, and the sum over all modes is the product of two small matrices.

    Args:
        frequencies: of the modes, in Hz; those above the Nyquist frequency are left out.
        decays_s: time in which each mode falls by 1/e, in seconds.
        amplitudes: of the modes at the start.
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
    """Add sounds, each at its start in seconds; they are cut at the end of the waveform."""
    waveform = np.zeros(n_samples)
    for start_s, sound in sounds:
        start = int(start_s * SAMPLE_RATE)
        end = min(start + len(sound), n_samples)
        if start < end:
            waveform[start:end] += sound[: end - start]
    return waveform


def random_times(rng: RandomState, rate: float, duration_s: float) -> FloatArray:
    """Draw times in seconds of independent events, ``rate`` a second (Poisson); at least one."""
    n_events = max(1, rng.poisson(rate * duration_s))
    times_s = np.sort(rng.random_sample(n_events)) * duration_s
    return times_s - rng.random_sample() * times_s[0]  # starts close to the first event


def steady_times(
    rng: RandomState, interval_s: float, jitter: float, duration_s: float
) -> FloatArray:
    """Draw times in seconds of a rhythm with intervals that vary by ``jitter``; at least one."""
    n_events = int(duration_s / interval_s / max(0.2, 1.0 - jitter)) + 2
    intervals_s = interval_s * (1.0 + jitter * (2.0 * rng.random_sample(n_events) - 1.0))
    start_s = 0.4 * rng.random_sample() * min(interval_s, duration_s)
    times_s = start_s + np.concatenate([[0.0], np.cumsum(intervals_s)])
    return times_s[times_s < duration_s]


def impulses(rng: RandomState, rate: float, n_samples: int) -> FloatArray:
    """Draw sparse impulses of random sign and height, on average ``rate`` a second."""
    n_events = max(1, rng.poisson(rate * n_samples / SAMPLE_RATE))
    waveform = np.zeros(n_samples)
    heights = rng.exponential(size=n_events) * (2 * rng.randint(2, size=n_events) - 1)
    np.add.at(waveform, rng.randint(n_samples, size=n_events), heights)
    return waveform


def pulse_times(rate: FloatArray) -> FloatArray:
    """Return the times in seconds at which an oscillator completes a cycle.

    Shape:
        rate: [samples], in Hz; result: [cycles].
    """
    turns = np.cumsum(rate) / SAMPLE_RATE
    n_pulses = int(turns[-1]) + 1
    return np.searchsorted(turns, np.arange(n_pulses)) / SAMPLE_RATE
