"""Sounds driven pulse by pulse: engine, fart and squeak."""

import numpy as np
from numpy.random import RandomState

from soundalike.synthesis.elements import (
    SAMPLE_RATE,
    FloatArray,
    band_pass,
    chance,
    lay,
    log_uniform,
    pulse_times,
    random_times,
    resonance_gain,
    ring,
    shape_spectrum,
    steady_times,
    swell,
    wander,
    white_noise,
)


def engine(rng: RandomState, n_samples: int) -> FloatArray:
    """Combustion pulses of a few unequal cylinders, at a drifting or revving rate, and exhaust."""
    firing = log_uniform(rng, 20, 70)
    drift = rng.uniform(0.01, 0.08) * wander(rng, n_samples, 1.5)
    if chance(rng, 0.4):
        drift = drift + rng.uniform(0.3, 1.0) * (1 + wander(rng, n_samples, rng.uniform(0.4, 1.5)))
    rate = firing * 2.0**drift
    times_s = pulse_times(rate)
    cylinders = rng.uniform(0.5, 1.0, rng.choice([1, 2, 4, 6]))
    gains = cylinders[np.arange(len(times_s)) % len(cylinders)] * rng.uniform(0.9, 1, len(times_s))
    pipe = log_uniform(rng, 81, 220)
    n_pulse = int(0.08 * SAMPLE_RATE)
    modes = pipe * np.array([1.0, 2.1, 3.3, 5.2, 8.0])
    explosion = ring(modes, rng.uniform(0.004, 0.02, 5), rng.uniform(0.1, 1.0, 5), n_pulse)
    beat = lay(zip(times_s, gains[:, None] * explosion, strict=True), n_samples)
    beat /= np.std(beat) + 1e-12
    turn = np.cumsum(rate) / SAMPLE_RATE
    exhaust = band_pass(white_noise(rng, n_samples), 60, log_uniform(rng, 850, 3800), order=1)
    exhaust /= np.std(exhaust)
    chug = np.exp(-rng.uniform(0.5, 4.0) * (turn % 1.0))
    load = 2.0 ** (2.0 * drift)
    return load * (beat + log_uniform(rng, 0.19, 0.64) * chug * exhaust)


def fart(rng: RandomState, n_samples: int) -> FloatArray:
    """Low irregular buzzes with sliding pitch, through a soft resonance."""
    duration_s = n_samples / SAMPLE_RATE
    blasts = []
    n_blasts = rng.choice([1, 1, 2, 3])
    pitch = log_uniform(rng, 55, 140)
    flesh = [log_uniform(rng, 140, 330), log_uniform(rng, 450, 1000)]
    edge = log_uniform(rng, 1100, 3400)
    for start_s in np.sort(rng.uniform(0.0, 0.6, n_blasts)) * duration_s:
        n_blast = int(log_uniform(rng, 0.35, 0.71) * (duration_s - start_s) * SAMPLE_RATE)
        slide = np.linspace(rng.uniform(-0.2, 0.6), rng.uniform(-1.2, 0.3), n_blast)
        unrest = rng.uniform(0.05, 0.4) * wander(rng, n_blast, 12.0)
        times_s = pulse_times(pitch * 2.0 ** (slide + unrest))
        times_s = times_s + rng.uniform(0.0, 0.12) / pitch * rng.random_sample(len(times_s))
        gains = rng.uniform(0.4, 1.0, len(times_s))
        n_flap = int(rng.uniform(0.2, 0.8) / pitch * SAMPLE_RATE)
        flap = swell(n_flap, 2.0) * (1.0 + 0.8 * white_noise(rng, n_flap)) - 0.3
        buzz = lay(zip(times_s, gains[:, None] * flap, strict=True), n_blast)
        blasts.append((start_s, buzz * swell(n_blast, rng.uniform(0.2, 0.8))))
    buzz = band_pass(lay(blasts, n_samples), 30, edge, order=1)
    return shape_spectrum(buzz, lambda f: resonance_gain(f, flesh, 2.5, 0.25))


def squeak(rng: RandomState, n_samples: int) -> FloatArray:
    """Stick-slip friction: short gliding tones rich in harmonics, or the slow creak of a door."""
    duration_s = n_samples / SAMPLE_RATE
    creaks = chance(rng, 0.3)
    pitch = log_uniform(rng, 40, 100) if creaks else log_uniform(rng, 470, 1700)
    length_s = log_uniform(rng, 0.33, 0.91) if creaks else log_uniform(rng, 0.11, 0.38)
    wood = [log_uniform(rng, 560, 1100), log_uniform(rng, 1600, 2700), log_uniform(rng, 3300, 6000)]
    regular = chance(rng, 0.6)
    interval_s = length_s * rng.uniform(1.1, 2.5)
    starts_s = (
        steady_times(rng, interval_s, 0.15, duration_s)
        if regular
        else random_times(rng, 1 / interval_s, 0.8 * duration_s)
    )
    bend = rng.uniform(-1.0, 1.0, 2)
    harmonics = rng.uniform(0.0, 0.9)
    squeaks = []
    for start_s in starts_s:
        n_squeak = int(min(length_s * rng.uniform(0.7, 1.3), duration_s) * SAMPLE_RATE)
        progress = np.linspace(0.0, 1.0, n_squeak)
        glide = bend[0] * progress + bend[1] * np.sin(np.pi * progress)
        glide = glide + 0.05 * wander(rng, n_squeak, 30.0) + rng.uniform(-0.15, 0.15)
        rate = pitch * 2.0**glide
        if creaks:
            times_s = pulse_times(rate)
            n_slip = int(0.02 * SAMPLE_RATE)
            slip = ring(wood, [0.003] * 3, [1.0, 0.8, 0.6], n_slip)
            gains = rng.uniform(0.3, 1.0, len(times_s))
            tone = lay(zip(times_s, gains[:, None] * slip, strict=True), n_squeak)
        else:
            phase = 2 * np.pi * np.cumsum(rate) / SAMPLE_RATE
            tone = np.sin(phase) / (1.0 + harmonics**2 - 2 * harmonics * np.cos(phase))
            scrape = band_pass(white_noise(rng, n_squeak), pitch, 4 * pitch, order=1)
            tone = tone + rng.uniform(0.0, 0.3) * scrape
        squeaks.append((start_s, rng.uniform(0.4, 1.0) * tone * swell(n_squeak, 0.6)))
    waveform = lay(squeaks, n_samples)
    floor = rng.uniform(0.2, 0.8)
    return shape_spectrum(waveform, lambda f: resonance_gain(f, wood, 3.0, floor))
