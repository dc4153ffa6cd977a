"""Calls and signals: voices, birds, insects, sirens, bells, telephones, games, bubbles."""

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
    pulse_times,
    random_times,
    resonance_gain,
    ring,
    seconds,
    shape_spectrum,
    steady_times,
    swell,
    wander,
    white_noise,
)

_KEYPAD_HZ = ((697, 770, 852, 941), (1209, 1336, 1477, 1633))


def _oscillate(pitch: FloatArray) -> FloatArray:
    """Sine whose frequency follows a curve in Hz."""
    return np.sin(2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE)


def voice(rng: RandomState, n_samples: int) -> FloatArray:
    """Vowels: the pulses of a voice with vibrato through moving formants, in syllables."""
    pitch = log_uniform(rng, 120, 240)
    melody = 0.3 * wander(rng, n_samples, 2.0) + 0.02 * np.sin(2 * np.pi * 5.5 * seconds(n_samples))
    pulses = np.zeros(n_samples)
    pulses[(pulse_times(pitch * 2.0**melody) * SAMPLE_RATE).astype(int)] = 1.0
    throat = band_pass(pulses, 60, 900, order=1) + 0.01 * white_noise(rng, n_samples)

    def vowel() -> FloatArray:
        formants = [rng.uniform(280, 850), rng.uniform(850, 2400), rng.uniform(2400, 3400)]
        return shape_spectrum(throat, lambda f: resonance_gain(f, formants, 8.0, 0.02))

    blend = 0.5 + 0.5 * wander(rng, n_samples, 4.0)
    syllables = np.clip(0.4 + wander(rng, n_samples, rng.uniform(3, 8)), 0.02, 1.0)
    return syllables * (blend * vowel() + (1 - blend) * vowel())


def siren(rng: RandomState, n_samples: int) -> FloatArray:
    """A siren that wails up and down or changes between two tones."""
    sweep = np.sin(2 * np.pi * (log_uniform(rng, 0.57, 2.1) * seconds(n_samples) + rng.uniform()))
    if chance(rng, 0.4):
        sweep = np.sign(sweep)
    tone = _oscillate(log_uniform(rng, 630, 1000) * 2.0 ** (rng.uniform(0.2, 0.7) * sweep))
    return np.tanh(rng.uniform(0.5, 5.0) * tone)


def birds(rng: RandomState, n_samples: int) -> FloatArray:
    """Chirps: short fast glides, repeated in phrases."""
    chirps = []
    pitch = log_uniform(rng, 2400, 4400)
    bend = rng.uniform(-0.8, 0.8, 2)
    n_chirp = int(log_uniform(rng, 0.051, 0.15) * SAMPLE_RATE)
    progress = np.linspace(0, 1, n_chirp)
    interval_s = n_chirp / SAMPLE_RATE * rng.uniform(1.2, 4.0)
    for start_s in steady_times(rng, interval_s, 0.2, n_samples / SAMPLE_RATE):
        glide = bend[0] * progress + bend[1] * np.sin(np.pi * progress) + rng.uniform(-0.1, 0.1)
        chirp = _oscillate(pitch * 2.0**glide) * swell(n_chirp)
        chirps.append((start_s, rng.choice([0.0, 0.6, 1.0]) * chirp))
    chirps.append((0.0, _oscillate(pitch * 2.0 ** (bend[0] * progress)) * swell(n_chirp)))
    return lay(chirps, n_samples)


def bell(rng: RandomState, n_samples: int) -> FloatArray:
    """A bell with its hum, minor third, fifth and nominal, struck at irregular times."""
    pitch = log_uniform(rng, 250, 710)
    partials = pitch * np.array([0.5, 1.0, 1.19, 1.5, 2.0, 2.51, 2.66, 3.01, 4.1])
    decays_s = log_uniform(rng, 0.66, 1.8) / np.arange(1, 10) ** 0.6
    toll = ring(partials, decays_s, rng.uniform(0.3, 1.0, 9), n_samples)
    starts_s = steady_times(rng, log_uniform(rng, 0.38, 1.3), 0.05, n_samples / SAMPLE_RATE)
    return lay([(start_s, toll) for start_s in starts_s], n_samples)


def bubbling(rng: RandomState, n_samples: int) -> FloatArray:
    """Bubbles in water: short tones whose pitch rises while they decay."""
    bubbles = []
    size = log_uniform(rng, 420, 850)
    for time_s in random_times(rng, log_uniform(rng, 9.3, 32), n_samples / SAMPLE_RATE):
        n_bubble = int(log_uniform(rng, 0.031, 0.077) * SAMPLE_RATE)
        rise = 1.0 + rng.uniform(0.2, 1.0) * np.linspace(0, 1, n_bubble)
        tone = _oscillate(size * log_uniform(rng, 0.75, 1.7) * rise)
        envelope = decay(n_bubble, n_bubble / 4 / SAMPLE_RATE, 0.002)
        bubbles.append((time_s, log_uniform(rng, 0.18, 0.56) * tone * envelope))
    return lay(bubbles, n_samples)


def telephone(rng: RandomState, n_samples: int) -> FloatArray:
    """A telephone: key tones (pairs of sinusoids), or the ringing tone."""
    beeps = []
    length_s = log_uniform(rng, 0.12, 0.35)
    n_beep = int(length_s * SAMPLE_RATE)
    envelope = np.minimum(1.0, 20 * swell(n_beep))
    interval_s = length_s * rng.uniform(1.2, 2.5)
    for start_s in steady_times(rng, interval_s, 0.1, n_samples / SAMPLE_RATE):
        pair = [band[rng.randint(4)] for band in _KEYPAD_HZ]
        tones = [_oscillate(np.full(n_beep, float(frequency))) for frequency in pair]
        beeps.append((start_s, envelope * (tones[0] + tones[1])))
    return lay(beeps, n_samples)


def game(rng: RandomState, n_samples: int) -> FloatArray:
    """Blips of an electronic game: square waves that jump and sweep."""
    blips = []
    interval_s = log_uniform(rng, 0.12, 0.27)
    for start_s in steady_times(rng, interval_s, 0.0, n_samples / SAMPLE_RATE):
        n_blip = int(interval_s * rng.uniform(0.4, 1.0) * SAMPLE_RATE)
        sweep = rng.choice([0.0, -2.0, 1.5]) * np.linspace(0, 1, n_blip)
        tone = np.sign(_oscillate(log_uniform(rng, 270, 840) * 2.0**sweep))
        blips.append((start_s, tone * decay(n_blip, rng.uniform(0.03, 0.3))))
    return lay(blips, n_samples)


def insects(rng: RandomState, n_samples: int) -> FloatArray:
    """Crickets and cicadas: a high carrier that is switched on and off many times a second."""
    carrier = band_pass(white_noise(rng, n_samples), 1.0, log_uniform(rng, 42, 190), order=1)
    carrier = carrier * np.sin(2 * np.pi * log_uniform(rng, 3300, 6000) * seconds(n_samples))
    trill = 0.5 + 0.5 * np.sin(2 * np.pi * log_uniform(rng, 23, 58) * seconds(n_samples))
    phrase = np.sin(2 * np.pi * (log_uniform(rng, 0.84, 2.4) * seconds(n_samples) + rng.uniform()))
    return carrier * trill**2 * np.clip(1.0 + 2.0 * phrase, 0.05, 1.0)
