"""Strings: plucked ones by Karplus-Strong (guitar, bass) and struck ones by partials (piano)."""

import numpy as np
from numpy.random import RandomState
from scipy import fft

from soundalike.synthesis.elements import (
    SAMPLE_RATE,
    FloatArray,
    band_pass,
    chance,
    decay,
    lay,
    log_uniform,
    release,
    resonance_gain,
    ring,
    shape_spectrum,
    steady_times,
    white_noise,
)

_SCALES = ((0, 2, 4, 5, 7, 9, 11, 12), (0, 2, 3, 5, 7, 8, 10, 12), (0, 3, 5, 7, 10, 12))
_CHORDS = ((0, 4, 7, 12), (0, 3, 7, 12), (0, 4, 7, 10), (0, 5, 7, 12), (0, 7, 12))


def pluck(
    rng: RandomState,
    frequency: float,
    decay_s: float,
    softness: float,
    pick_position: float,
    n_samples: int,
) -> FloatArray:
    """Pluck a string (Karplus and Strong 1983, tuned after Jaffe and Smith 1983).

    A burst of noise circulates in a loop of one period: a delay, a two-point average that removes
    more of the high partials, and an all-pass filter for the fraction of a sample, so that the
    pitch is exact. The loop is a rational function of z; it is evaluated outside the unit
    circle, where the string has decayed before the transform wraps around.

    Args:
        rng: draws the burst.
        frequency: of the string, in Hz.
        decay_s: time in which the lowest partial falls by 1/e.
        softness: weight of the older sample in the average, in [0, 0.5]; high partials die faster.
        pick_position: where the string is plucked, as a share of its length, in (0, 1).
        n_samples: length of the result.
    """
    period = SAMPLE_RATE / frequency
    turn = 2 * np.pi / period
    average_delay = np.arctan2(softness * np.sin(turn), 1 - softness * (1 - np.cos(turn))) / turn
    delay = int(period - average_delay - 0.5)
    fraction = period - average_delay - delay
    allpass = np.sin((1 - fraction) * turn / 2) / np.sin((1 + fraction) * turn / 2)

    n_fft = fft.next_fast_len(n_samples, real=True)
    shrink = 1e-3 ** (1.0 / n_fft)
    step = shrink * np.exp(-2j * np.pi * np.arange(n_fft // 2 + 1) / n_fft)  # 1 / z
    loop = np.exp(-1.0 / (decay_s * frequency)) * (1 - softness + softness * step)
    loop *= step**delay * (allpass + step) / (1 + allpass * step)
    powers = shrink ** np.arange(n_fft)
    burst = white_noise(rng, min(round(period), n_samples))
    spectrum = fft.rfft(burst * powers[: len(burst)], n_fft)
    spectrum *= (1 - step ** round(pick_position * period)) / (1 - loop)
    return (fft.irfft(spectrum, n_fft) / powers)[:n_samples] * release(n_samples)


def _pitches(rng: RandomState, low: float, high: float, n_notes: int) -> FloatArray:
    """Draw a melody: random steps on a scale above a random key note."""
    key = log_uniform(rng, low, high)
    scale = _SCALES[rng.randint(len(_SCALES))]
    steps = np.array([scale[k] for k in rng.randint(len(scale), size=n_notes)])
    return key * 2.0 ** (steps / 12)


def acoustic_guitar(rng: RandomState, n_samples: int) -> FloatArray:
    """Single notes, an arpeggio or strums on one guitar, through the resonances of its body."""
    duration_s = n_samples / SAMPLE_RATE
    strummed = chance(rng, 0.45)
    interval_s = log_uniform(rng, 0.42, 0.85) if strummed else log_uniform(rng, 0.2, 0.54)
    softness = log_uniform(rng, 0.061, 0.25)
    decay_s = log_uniform(rng, 0.29, 1)
    position = rng.uniform(0.06, 0.4)
    starts_s = steady_times(rng, interval_s, 0.05, duration_s)
    notes: list[tuple[float, FloatArray]] = []
    if strummed:
        chord = np.array(_CHORDS[rng.randint(len(_CHORDS))])
        root = log_uniform(rng, 100, 170)
        for start_s in starts_s:
            if chance(rng, 0.3):
                root = log_uniform(rng, 100, 170)
            pitches = root * 2.0 ** (chord[: rng.randint(3, 5)] / 12)
            lag_s = rng.uniform(0.004, 0.03)
            n_note = int(min(duration_s - start_s, 1.5 * interval_s, 3 * decay_s) * SAMPLE_RATE) + 1
            notes += [
                (start_s + k * lag_s, pluck(rng, pitch, decay_s, softness, position, n_note))
                for k, pitch in enumerate(pitches)
            ]
    else:
        for start_s, pitch in zip(starts_s, _pitches(rng, 82, 500, len(starts_s)), strict=True):
            n_note = int(min(duration_s - start_s, 3 * interval_s, 4 * decay_s) * SAMPLE_RATE) + 1
            gain = rng.uniform(0.4, 1.0)
            notes.append((start_s, gain * pluck(rng, pitch, decay_s, softness, position, n_note)))
    body = [rng.uniform(90, 120), rng.uniform(180, 260), rng.uniform(350, 700)]
    floor = rng.uniform(0.15, 0.6)
    return shape_spectrum(
        lay(notes, n_samples), lambda frequencies: resonance_gain(frequencies, body, 4.0, floor)
    )


def bass_guitar(rng: RandomState, n_samples: int) -> FloatArray:
    """A bass line: low, dark, sometimes with a pick or slapped."""
    duration_s = n_samples / SAMPLE_RATE
    interval_s = log_uniform(rng, 0.25, 0.71)
    starts_s = steady_times(rng, interval_s, 0.04, duration_s)
    pitches = _pitches(rng, 36, 110, len(starts_s))
    softness = log_uniform(rng, 0.075, 0.27)
    decay_s = log_uniform(rng, 0.38, 1.3)
    position = rng.uniform(0.1, 0.45)
    length = rng.uniform(0.5, 1.1)
    notes = []
    for start_s, pitch in zip(starts_s, pitches, strict=True):
        n_note = int(min(duration_s - start_s, length * interval_s) * SAMPLE_RATE) + 64
        string = pluck(rng, pitch, decay_s, softness, position, n_note)
        notes.append((start_s, rng.uniform(0.5, 1.0) * string))
    return band_pass(lay(notes, n_samples), 25, log_uniform(rng, 470, 1600), order=1)


def _piano_note(
    rng: RandomState, pitch: float, hardness: float, decay_s: float, n_samples: int
) -> FloatArray:
    """One key: stiff-string partials, each with a fast and a weaker slow decay, and the hammer."""
    order = np.arange(1, 1 + min(30, int(15_000 / pitch)))
    stiffness = 3e-4 * (pitch / 260) ** 1.3
    partials = pitch * order * np.sqrt(1 + stiffness * order**2)
    amplitudes = order**-0.5 * np.exp(-order / (2 + 14 * hardness))
    amplitudes = amplitudes * np.abs(np.sin(np.pi * order / 7.6)) * rng.uniform(0.5, 1, len(order))
    fast_s = decay_s / (1 + 0.15 * order)
    string = ring(
        np.concatenate([partials, partials * 1.0006]),
        np.concatenate([fast_s, 4 * fast_s]),
        np.concatenate([amplitudes, 0.3 * amplitudes]),
        n_samples,
    )
    n_knock = min(n_samples, 3000)
    knock = band_pass(white_noise(rng, n_knock), 80, 500 + 2500 * hardness, order=1)
    string[:n_knock] += 0.6 * hardness * knock * decay(n_knock, 0.012)
    return string


def piano(rng: RandomState, n_samples: int) -> FloatArray:
    """Melodies and chords on a piano."""
    duration_s = n_samples / SAMPLE_RATE
    interval_s = log_uniform(rng, 0.23, 0.8)
    starts_s = steady_times(rng, interval_s, 0.05, duration_s)
    pitches = _pitches(rng, 60, 900, len(starts_s))
    hardness = rng.uniform(0.1, 1.0)
    decay_s = log_uniform(rng, 0.25, 0.71)
    hold = rng.uniform(0.9, 4.0)
    chord_share = rng.choice([0.0, 0.3, 1.0])
    notes = []
    for start_s, pitch in zip(starts_s, pitches, strict=True):
        n_note = int(min(duration_s - start_s, hold * interval_s) * SAMPLE_RATE) + 64
        damper = release(n_note, 0.07)
        chord = _CHORDS[rng.randint(len(_CHORDS))] if chance(rng, chord_share) else (0,)
        for semitones in chord[: rng.randint(1, 5)]:
            tone = _piano_note(rng, pitch * 2 ** (semitones / 12), hardness, decay_s, n_note)
            notes.append((start_s, rng.uniform(0.4, 1.0) * damper * tone))
    return lay(notes, n_samples)
