"""Sounds of hard objects that are hit: coins, glass, dishes, doors and floors."""

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
    random_times,
    release,
    ring,
    steady_times,
    swell,
    white_noise,
)

Sounds = list[tuple[float, FloatArray]]


def _hard_body(
    rng: RandomState, lowest: float, n_modes: int, decay_s: float, damping: float
) -> tuple[FloatArray, FloatArray]:
    """Draw an object: its inharmonic modes in Hz and their decays in seconds, shorter if higher."""
    ratios = np.cumprod(np.concatenate([[1.0], rng.uniform(1.08, 1.9, n_modes - 1)]))
    frequencies = lowest * ratios
    return frequencies, decay_s * rng.uniform(0.5, 1.5, n_modes) * ratios**-damping


def _hit(
    rng: RandomState, body: tuple[FloatArray, FloatArray], hardness: float, n_samples: int
) -> FloatArray:
    """Hit an object at a random place, which decides the strength of its modes; with a click."""
    frequencies, decays_s = body
    amplitudes = rng.uniform(0.1, 1.0, len(frequencies)) * (frequencies / frequencies[0]) ** (
        hardness - 1.0
    )
    sound = ring(frequencies, decays_s, amplitudes, n_samples)
    n_click = min(n_samples, 200)
    sound[:n_click] += 0.5 * hardness * white_noise(rng, n_click) * decay(n_click, 0.0007)
    return sound * release(n_samples)


def bounce_times(
    rng: RandomState, first_interval_s: float, restitution: float, shortest_s: float = 0.004
) -> FloatArray:
    """Return the times of a bouncing object's hits in seconds, from 0; flights get shorter."""
    n_flights = int(np.log(shortest_s / first_interval_s) / np.log(restitution)) + 1
    flights_s = first_interval_s * restitution ** np.arange(max(1, n_flights))
    flights_s = flights_s * (1 + 0.3 * (1 - restitution) * rng.uniform(-1, 1, len(flights_s)))
    return np.concatenate([[0.0], np.cumsum(flights_s)])


def coin(rng: RandomState, n_samples: int) -> FloatArray:
    """Coins that bounce faster and faster on a table or a floor until they settle."""
    duration_s = n_samples / SAMPLE_RATE
    sounds: Sounds = []
    surface = log_uniform(rng, 290, 1000)
    surface_gain = rng.choice([0.0, 0.5, 2.0])
    decay_s = log_uniform(rng, 0.034, 0.18)
    starts_s = random_times(rng, log_uniform(rng, 0.29, 1), 0.7 * duration_s)[:8]
    starts_s -= starts_s[0]
    for start_s in starts_s:
        body = _hard_body(rng, log_uniform(rng, 2500, 5000), 7, decay_s, rng.uniform(0.2, 1.2))
        restitution = rng.uniform(0.6, 0.88)
        times_s = bounce_times(rng, log_uniform(rng, 0.12, 0.24), restitution)
        n_hit = int(4 * decay_s * SAMPLE_RATE)
        hits = [_hit(rng, body, rng.uniform(0.5, 1.2), n_hit) for _ in range(3)]
        thud = ring([surface, 1.7 * surface], [0.02, 0.01], [1.0, 0.6], 4000) * surface_gain
        for k, time_s in enumerate(times_s):
            gain = restitution ** (0.7 * k)
            sounds += [(start_s + time_s, gain * hits[k % 3]), (start_s + time_s, gain**2 * thud)]
    return lay(sounds, n_samples)


def glass(rng: RandomState, n_samples: int) -> FloatArray:
    """Glasses that clink, or one that breaks and scatters its pieces."""
    duration_s = n_samples / SAMPLE_RATE
    decay_s = log_uniform(rng, 0.094, 0.51)
    sounds: Sounds = []
    if chance(rng, 0.4):
        start_s = rng.uniform(0, 0.3) * duration_s
        n_crash = int(0.3 * SAMPLE_RATE)
        low = log_uniform(rng, 510, 1500)
        crash = band_pass(white_noise(rng, n_crash), low, 12_000) * decay(n_crash, 0.04)
        sounds.append((start_s, 1.5 * crash))
        spread_s = log_uniform(rng, 0.17, 0.48)
        for _ in range(rng.randint(25, 90)):
            time_s = rng.exponential(spread_s)
            body = _hard_body(rng, log_uniform(rng, 2300, 5800), 4, 0.25 * decay_s, 0.7)
            gain = np.exp(-time_s / spread_s) * log_uniform(rng, 0.18, 0.56)
            sounds.append((start_s + time_s, gain * _hit(rng, body, 1.0, int(decay_s * 40_000))))
    else:
        bodies = [
            _hard_body(rng, log_uniform(rng, 1100, 2800), 6, decay_s, rng.uniform(0.4, 1.2))
            for _ in range(rng.randint(1, 4))
        ]
        rate = log_uniform(rng, 0.93, 3.2)
        for time_s in random_times(rng, rate, 0.9 * duration_s):
            n_hit = int(min(duration_s - time_s, 5 * decay_s) * SAMPLE_RATE) + 256
            for body in bodies[:2] if chance(rng, 0.6) else bodies[-1:]:
                hit = _hit(rng, body, rng.uniform(0.3, 1.0), n_hit)
                sounds.append((time_s, log_uniform(rng, 0.24, 0.62) * hit))
    return lay(sounds, n_samples)


def dishes(rng: RandomState, n_samples: int) -> FloatArray:
    """Dishes, pots and pans: several bodies of different size that clank in irregular clusters."""
    duration_s = n_samples / SAMPLE_RATE
    size = log_uniform(rng, 0.86, 1.7)
    ringing = log_uniform(rng, 0.51, 1.5)
    bodies = [
        _hard_body(
            rng,
            size * log_uniform(rng, 430, 1300),
            rng.randint(6, 14),
            ringing * log_uniform(rng, 0.053, 0.17),
            rng.uniform(0.2, 1.0),
        )
        for _ in range(rng.randint(3, 7))
    ]
    sounds: Sounds = []
    for cluster_s in random_times(rng, log_uniform(rng, 1.2, 2.7), 0.95 * duration_s):
        lags_s = np.cumsum(rng.exponential(0.05, rng.randint(1, 7)))
        for time_s in cluster_s + lags_s - lags_s[0]:
            hit = _hit(rng, bodies[rng.randint(len(bodies))], rng.uniform(0.3, 1.2), 30_000)
            sounds.append((time_s, log_uniform(rng, 0.15, 0.53) * hit))
    return lay(sounds, n_samples)


def footsteps(rng: RandomState, n_samples: int) -> FloatArray:
    """Walking or running: heel and toe on wood, stone, gravel or leaves."""
    duration_s = n_samples / SAMPLE_RATE
    floor = rng.choice(["wood", "stone", "gravel", "leaves"])
    interval_s = log_uniform(rng, 0.35, 0.63)
    heel_toe_s = interval_s * rng.uniform(0.12, 0.3)
    n_foot = int(0.4 * SAMPLE_RATE)
    lowest = log_uniform(rng, 93, 230)
    brightness = log_uniform(rng, 1600, 5100)

    def tread(gain: float) -> FloatArray:
        if floor in ("wood", "stone"):
            decay_s = 0.03 if floor == "wood" else 0.008
            modes = lowest * np.array([1.0, 1.63, 2.4, 3.7]) * rng.uniform(0.97, 1.03, 4)
            knock = ring(modes, decay_s * rng.uniform(0.5, 1.5, 4), rng.uniform(0.2, 1, 4), n_foot)
            click = band_pass(white_noise(rng, n_foot), 300, brightness) * decay(n_foot, 0.004)
            return gain * (knock + (0.5 if floor == "wood" else 2.0) * click)
        rate = 1500 if floor == "gravel" else 5000
        grains = band_pass(impulses(rng, rate, n_foot), brightness / 5, 2 * brightness)
        n_crunch = int(rng.uniform(0.08, 0.25) * SAMPLE_RATE)
        crunch = np.zeros(n_foot)
        crunch[:n_crunch] = grains[:n_crunch] * swell(n_crunch, 1.0)
        thump = ring([lowest], [0.03], [0.4], n_foot)
        return gain * (4.0 * crunch + thump)

    sounds: Sounds = []
    limp = rng.uniform(0.0, 0.12)
    for k, start_s in enumerate(steady_times(rng, interval_s, 0.05, duration_s)):
        foot_s = start_s + limp * interval_s * (k % 2)
        sounds.append((foot_s, tread(rng.uniform(0.6, 1.0))))
        sounds.append((foot_s + heel_toe_s, tread(rng.uniform(0.15, 0.5))))
    return lay(sounds, n_samples)


def slam(rng: RandomState, n_samples: int) -> FloatArray:
    """A slamming door: latch, impact with the low modes of door and frame, and rattling."""
    duration_s = n_samples / SAMPLE_RATE
    lowest = log_uniform(rng, 70, 170)
    decay_s = log_uniform(rng, 0.044, 0.14)
    edge = log_uniform(rng, 970, 3600)
    sounds: Sounds = []
    n_slams = rng.choice([1, 1, 1, 2, 3])
    starts_s = np.sort(rng.uniform(0.0, 0.5, n_slams)) * duration_s
    for start_s in starts_s:
        n_slam = int(8 * decay_s * SAMPLE_RATE) + 4000
        modes = lowest * np.cumprod(rng.uniform(1.1, 1.5, 10))
        decays_s = decay_s * rng.uniform(0.5, 1.2, 10) * lowest / modes
        boom = ring(modes, decays_s, rng.uniform(0.2, 1.0, 10), n_slam)
        burst = band_pass(white_noise(rng, n_slam), lowest, edge, order=1)
        burst *= decay(n_slam, rng.uniform(0.1, 0.5) * decay_s, 0.001)
        slammed = boom + rng.uniform(1.0, 4.0) * burst
        sounds.append((start_s, rng.uniform(0.5, 1.0) * slammed))
        latch = _hard_body(rng, log_uniform(rng, 1300, 2500), 5, 0.012, 0.3)
        for _ in range(rng.randint(0, 4)):
            lag_s = rng.uniform(0.02, 0.25)
            click = _hit(rng, latch, 1.0, 4000)
            sounds.append((start_s + lag_s, log_uniform(rng, 0.16, 0.43) * click))
        if chance(rng, 0.4):
            n_rattle = int(0.5 * SAMPLE_RATE)
            grains = impulses(rng, log_uniform(rng, 53, 170), n_rattle)
            rattle = band_pass(grains, 800, edge)
            sounds.append((start_s + 0.02, 2.0 * rattle * decay(n_rattle, 0.12)))
    return lay(sounds, n_samples)
