"""Sounds of many small random events: fire, fireworks, rain, wind, tearing and writing."""

import numpy as np
from numpy.random import RandomState

from soundalike.synthesis.elements import (
    SAMPLE_RATE,
    FloatArray,
    band_pass,
    chance,
    decay,
    impulses,
    lay,
    log_uniform,
    moving_noise,
    random_times,
    resonance_gain,
    ring,
    shape_spectrum,
    steady_times,
    swell,
    wander,
    white_noise,
)


def _unit(waveform: FloatArray) -> FloatArray:
    """Scale to a root mean square of one."""
    return waveform / (np.sqrt(np.mean(waveform * waveform)) + 1e-12)


def fire(rng: RandomState, n_samples: int) -> FloatArray:
    """Crackles at random times, large ones rare, over the rumble and the hiss of the flames."""
    rate = log_uniform(rng, 8.2, 34)
    center = log_uniform(rng, 1200, 3500)
    crackles = []
    for time_s in random_times(rng, rate, n_samples / SAMPLE_RATE):
        n_crackle = int(log_uniform(rng, 0.0075, 0.027) * SAMPLE_RATE)
        pitch = center * log_uniform(rng, 0.53, 1.7)
        height = min(8.0, rng.pareto(1.3) + 0.2)
        burst = ring([pitch, 1.7 * pitch], [0.0015, 0.0008], [1.0, 0.7], n_crackle)
        burst += 0.6 * white_noise(rng, n_crackle) * decay(n_crackle, n_crackle / 4 / SAMPLE_RATE)
        crackles.append((time_s, height * burst))
    rumble = band_pass(white_noise(rng, n_samples), 20, log_uniform(rng, 150, 330))
    hiss = band_pass(white_noise(rng, n_samples), 500, log_uniform(rng, 3100, 7700), order=1)
    flicker = 1.0 + 0.7 * wander(rng, n_samples, 6.0)
    flames = log_uniform(rng, 0.093, 0.32) * _unit(rumble)
    flames += log_uniform(rng, 0.022, 0.11) * _unit(hiss)
    return lay(crackles, n_samples) + flicker * flames


def fireworks(rng: RandomState, n_samples: int) -> FloatArray:
    """Rockets: a rising whistle, a boom, then a shower of crackles; or only some of it."""
    duration_s = n_samples / SAMPLE_RATE
    sounds: list[tuple[float, FloatArray]] = []
    distance = rng.random_sample()  # far: dark and without detail
    edge = 9000 * 0.06**distance
    for start_s in random_times(rng, log_uniform(rng, 0.47, 1.6), 0.85 * duration_s)[:12]:
        boom_s = start_s
        if chance(rng, 0.35):
            flight_s = min(log_uniform(rng, 0.37, 0.81), 0.6 * duration_s)
            n_flight = int(flight_s * SAMPLE_RATE)
            pitch = log_uniform(rng, 860, 1700) * np.linspace(1.0, rng.uniform(0.6, 2.5), n_flight)
            pitch = pitch * (1 + 0.02 * wander(rng, n_flight, 25.0))
            whistle = moving_noise(rng, pitch, log_uniform(rng, 42, 190))
            sounds.append((start_s, rng.uniform(0.1, 0.5) * _unit(whistle) * swell(n_flight, 0.7)))
            boom_s = start_s + flight_s
        n_boom = int(log_uniform(rng, 0.45, 1) * SAMPLE_RATE)
        bang = band_pass(white_noise(rng, n_boom), 25, edge, order=1)
        bang = _unit(bang) * decay(n_boom, log_uniform(rng, 0.036, 0.11), 0.002)
        deep = ring([log_uniform(rng, 44, 71)], [0.15], [rng.uniform(0.5, 2.0)], n_boom)
        sounds.append((boom_s, rng.uniform(0.5, 2.0) * (2.0 * bang + deep)))
        if chance(rng, 0.55):
            n_shower = int(log_uniform(rng, 0.6, 1.3) * SAMPLE_RATE)
            pops = impulses(rng, log_uniform(rng, 53, 170), n_shower) * swell(n_shower, 0.6)
            shower = band_pass(pops, log_uniform(rng, 450, 1000), 1.3 * edge + 1000, order=1)
            sounds.append((boom_s + rng.uniform(0.05, 0.4), 3.0 * shower))
    return lay(sounds, n_samples)


def rain(rng: RandomState, n_samples: int) -> FloatArray:
    """Dense droplets over a hiss, and some heavy drops that make a surface ring."""
    surface = log_uniform(rng, 890, 2800)
    drops = impulses(rng, log_uniform(rng, 1000, 4000), n_samples)
    patter = band_pass(drops, surface / 3, log_uniform(rng, 5700, 11_000), order=1)
    low = log_uniform(rng, 300, 1200)
    hiss = band_pass(white_noise(rng, n_samples), low, log_uniform(rng, 5700, 11_000), order=1)
    strength = 1.0 + rng.uniform(0.0, 0.4) * wander(rng, n_samples, 0.7)
    shower = strength * (_unit(patter) + log_uniform(rng, 0.4, 1.2) * _unit(hiss))
    heavy = []
    for time_s in random_times(rng, log_uniform(rng, 1.3, 9.4), n_samples / SAMPLE_RATE):
        pitch = surface * log_uniform(rng, 0.56, 1.1)
        drop = ring([pitch, 1.5 * pitch], [0.006, 0.003], [1.0, 0.5], 2000)
        heavy.append((time_s, log_uniform(rng, 1, 5) * drop))
    return shower + rng.uniform(0.0, 1.0) * lay(heavy, n_samples)


def wind(rng: RandomState, n_samples: int) -> FloatArray:
    """Gusts: noise whose band and loudness wander slowly together, sometimes with a whistle."""
    gust = wander(rng, n_samples, log_uniform(rng, 0.6, 1.3))
    center = log_uniform(rng, 160, 510)
    depth = rng.uniform(0.3, 1.0)
    howl = moving_noise(rng, center * 2.0 ** (depth * gust), center * rng.uniform(0.5, 1.6))
    waveform = _unit(howl) * 2.0 ** (rng.uniform(0.5, 2.0) * gust)
    if chance(rng, 0.4):
        pitch = center * rng.uniform(2.0, 6.0) * 2.0 ** (0.4 * depth * gust)
        whistle = _unit(moving_noise(rng, pitch, 0.08 * center))
        waveform += rng.uniform(0.1, 0.6) * whistle * 2.0 ** (2.0 * gust)
    if chance(rng, 0.5):
        buffeting = band_pass(white_noise(rng, n_samples), 15, 120, order=1)
        waveform += rng.uniform(0.3, 1.5) * _unit(buffeting) * (1 + wander(rng, n_samples, 5.0))
    leaves = band_pass(white_noise(rng, n_samples), 1000, log_uniform(rng, 3700, 8100), order=1)
    return waveform + log_uniform(rng, 0.027, 0.19) * _unit(leaves) * 2.0**gust


def tearing(rng: RandomState, n_samples: int) -> FloatArray:
    """Rips through paper or cloth: fibers break ever faster while the frequency band moves."""
    duration_s = n_samples / SAMPLE_RATE
    low = log_uniform(rng, 510, 1500)
    high = low * log_uniform(rng, 4.2, 8.5)
    rip_s = log_uniform(rng, 0.23, 0.84)
    fibre_rate = log_uniform(rng, 360, 2100)
    rips = []
    for start_s in steady_times(rng, rip_s * rng.uniform(1.05, 2.0), 0.3, duration_s):
        n_rip = int(min(rip_s * rng.uniform(0.6, 1.4), duration_s) * SAMPLE_RATE)
        progress = np.linspace(0.0, 1.0, n_rip)
        density = fibre_rate * (0.3 + progress) * (1 + 0.6 * wander(rng, n_rip, 15.0))
        broken = rng.random_sample(n_rip) < density / SAMPLE_RATE
        fibres = broken * white_noise(rng, n_rip)
        dull = band_pass(fibres, low, high / 2, order=1)
        bright = band_pass(fibres, 2 * low, min(2 * high, 18_000), order=1)
        rise = progress if chance(rng, 0.7) else progress[::-1]
        rip = _unit((1 - rise) * dull + rise * bright) * swell(n_rip, rng.uniform(0.3, 0.8))
        rips.append((start_s, rng.uniform(0.5, 1.0) * rip * (0.6 + 0.6 * progress)))
    return lay(rips, n_samples)


def writing(rng: RandomState, n_samples: int) -> FloatArray:
    """Strokes of a pencil, pen or chalk: short rubbing noises in groups, with pauses."""
    duration_s = n_samples / SAMPLE_RATE
    low = log_uniform(rng, 690, 2000)
    high = low * log_uniform(rng, 3.3, 6)
    table = [log_uniform(rng, 200, 370), log_uniform(rng, 660, 1100), log_uniform(rng, 2100, 4200)]
    grain = white_noise(rng, n_samples) * (1 + rng.uniform(0, 1) * wander(rng, n_samples, 300.0))
    if chance(rng, 0.4):
        grain = grain + 6.0 * impulses(rng, log_uniform(rng, 360, 1100), n_samples)
    rubbing = band_pass(grain, low, high, order=1)
    rubbing = _unit(shape_spectrum(rubbing, lambda f: resonance_gain(f, table, 3.0, 0.4)))
    interval_s = log_uniform(rng, 0.12, 0.23)
    touch_gain = rng.choice([0.0, 1.0, 4.0])
    envelope = np.zeros(n_samples)
    touches = []
    pause_until_s = 0.0
    for start_s in steady_times(rng, interval_s, 0.35, duration_s):
        if start_s < pause_until_s:
            continue
        start = int(start_s * SAMPLE_RATE)
        n_stroke = min(int(interval_s * rng.uniform(0.4, 0.95) * SAMPLE_RATE), n_samples - start)
        stroke = rng.uniform(0.25, 1.0) * swell(n_stroke, rng.uniform(0.4, 1.5))
        envelope[start : start + n_stroke] += stroke
        touches.append((start_s, touch_gain * ring(table, [0.006] * 3, [1.0, 0.6, 0.4], 2000)))
        if chance(rng, 0.12):
            pause_until_s = start_s + rng.uniform(0.3, 0.8)
    return envelope * rubbing + lay(touches, n_samples)
