"""Percussion: cymbals, hi-hats and clapping hands."""

import numpy as np
from numpy.random import RandomState

from soundalike.synthesis.elements import (
    SAMPLE_RATE,
    FloatArray,
    band_pass,
    chance,
    decay,
    lay,
    log_uniform,
    seconds,
    steady_times,
    white_noise,
)

Sounds = list[tuple[float, FloatArray]]


def _metal(rng: RandomState, low: float, high: float, n_samples: int) -> FloatArray:
    """Return the steady wash of struck metal: band noise and inharmonic square waves."""
    noise = band_pass(white_noise(rng, n_samples), low, high, order=2)
    frequencies = low * (high / low) ** rng.random_sample(6)
    squares = np.sign(np.sin(2 * np.pi * np.outer(frequencies, seconds(n_samples))))
    tone = band_pass(squares.sum(axis=0), low, high, order=2)
    share = rng.uniform(0.1, 0.7)
    return (1 - share) * noise / np.std(noise) + share * tone / np.std(tone)


def crash_cymbal(rng: RandomState, n_samples: int) -> FloatArray:
    """Crashes: a hard attack and a long bright wash whose high part decays first; or a roll."""
    duration_s = n_samples / SAMPLE_RATE
    low = log_uniform(rng, 390, 960)
    split = log_uniform(rng, 3100, 4800)
    body = _metal(rng, low, split, n_samples)
    shine = _metal(rng, split, log_uniform(rng, 11_000, 15_000), n_samples)
    decay_s = log_uniform(rng, 0.42, 1.2)
    interval_s = log_uniform(rng, 1.3, 3.6)
    envelope_body = np.zeros(n_samples)
    envelope_shine = np.zeros(n_samples)
    for start_s in steady_times(rng, interval_s, 0.1, duration_s):
        start = int(start_s * SAMPLE_RATE)
        n_left = n_samples - start
        gain = rng.uniform(0.4, 1.0)
        bloom_s = log_uniform(rng, 0.0028, 0.022)
        ratio = rng.uniform(0.3, 0.8)
        envelope_body[start:] += gain * decay(n_left, decay_s, bloom_s)
        envelope_shine[start:] += gain * decay(n_left, ratio * decay_s, bloom_s / 3)
    if chance(rng, 0.2):
        roll = np.linspace(0.05, 1.0, n_samples) ** 2
        envelope_body, envelope_shine = np.maximum(envelope_body * 0.3, roll), roll**1.5
    return rng.uniform(0.4, 1.2) * envelope_body * body + envelope_shine * shine


def hi_hat(rng: RandomState, n_samples: int) -> FloatArray:
    """A hi-hat pattern: short closed strokes, and open ones that the next stroke chokes."""
    duration_s = n_samples / SAMPLE_RATE
    metal = _metal(rng, log_uniform(rng, 1000, 2900), log_uniform(rng, 9700, 14_000), n_samples)
    interval_s = log_uniform(rng, 0.15, 0.36)
    closed_s = log_uniform(rng, 0.019, 0.05)
    open_s = log_uniform(rng, 0.18, 0.4)
    open_share = rng.choice([0.0, 0.2, 0.5, 1.0], p=[0.45, 0.3, 0.15, 0.1])
    accent = rng.randint(2, 5)
    envelope = np.zeros(n_samples)
    for k, start_s in enumerate(steady_times(rng, interval_s, 0.03, duration_s)):
        start = int(start_s * SAMPLE_RATE)
        decay_s = open_s if chance(rng, open_share) else closed_s
        gain = rng.uniform(0.7, 1.0) if k % accent == 0 else rng.uniform(0.25, 0.7)
        envelope[start:] = gain * decay(n_samples - start, decay_s)
    return envelope * metal


def clapping(rng: RandomState, n_samples: int) -> FloatArray:
    """One pair of hands in rhythm, or an audience; a clap is a few bursts within milliseconds."""
    duration_s = n_samples / SAMPLE_RATE
    crowd = chance(rng, 0.35)
    n_people = rng.randint(3, 16) if crowd else rng.randint(1, 3)
    center = log_uniform(rng, 860, 1700)
    sounds: Sounds = []
    for _ in range(n_people):
        n_clap = int(0.12 * SAMPLE_RATE)
        pitch = center * log_uniform(rng, 0.83, 1.2)
        palm = band_pass(white_noise(rng, n_clap), pitch / 1.6, pitch * 1.6)
        sheen = band_pass(white_noise(rng, n_clap), 2 * pitch, 12_000, order=1)
        tone = palm + rng.uniform(0.05, 0.6) * sheen
        burst = tone * decay(n_clap, log_uniform(rng, 0.006, 0.013))
        lags_s = np.cumsum(rng.uniform(0.003, 0.012, rng.randint(1, 4)))
        clap = lay([(lag_s, burst) for lag_s in lags_s], n_clap)
        gain = log_uniform(rng, 0.24, 0.62) if crowd else 1.0
        interval_s = log_uniform(rng, 0.2, 0.32) if crowd else log_uniform(rng, 0.27, 0.6)
        for start_s in steady_times(rng, interval_s, 0.12 if crowd else 0.05, duration_s):
            sounds.append((start_s, gain * rng.uniform(0.5, 1.0) * clap))
    return lay(sounds, n_samples)
