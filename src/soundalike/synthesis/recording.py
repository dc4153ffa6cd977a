"""Turn a sound into a recording: place it in time, in a room, with a microphone and noise."""

import math

import numpy as np
from numpy.random import RandomState
from scipy import fft, signal

from soundalike.synthesis.elements import (
    SAMPLE_RATE,
    FloatArray,
    SoundGenerator,
    band_gain,
    chance,
    log_uniform,
    seconds,
    shape_spectrum,
    white_noise,
)

SHORTEST_S, MEDIAN_S, LONGEST_S = 0.3, 2.5, 10.0
_LOUDEST_DB, _QUIETEST_DB = -1.0, -26.0
_FADE_S = 0.005


def record(generate: SoundGenerator, rng: RandomState) -> FloatArray:
    """Record a sound under random conditions, which do not depend on the sound.

    Args:
        generate: generator of the sound.
        rng: source of all randomness of the sound and the recording.

    Shape:
        result: [samples] at 44,100 Hz, its peak between -26 and -1 dB of full scale.
    """
    duration_s = np.clip(MEDIAN_S * np.exp(0.75 * rng.standard_normal()), SHORTEST_S, LONGEST_S)
    n_samples = int(duration_s * SAMPLE_RATE)
    start, end = 0, n_samples
    if chance(rng, 0.35):
        start = int(rng.uniform(0.0, 0.2) * n_samples)
        end = n_samples - int(rng.uniform(0.0, 0.2) * n_samples)
    sound = generate(rng, end - start)
    dry = np.zeros(n_samples)
    dry[start:end] = sound / np.max(np.abs(sound)) * _fades(end - start)
    recording = _through_microphone(rng, _in_room(rng, dry) if chance(rng, 0.5) else dry)
    recording *= _fades(n_samples) / np.max(np.abs(recording))
    return recording * 10 ** (rng.uniform(_QUIETEST_DB, _LOUDEST_DB) / 20)


def _fades(n_samples: int) -> FloatArray:
    """Return an envelope that fades both ends, so that a cut sound does not click."""
    envelope = np.ones(n_samples)
    fade = np.arange(min(n_samples, int(_FADE_S * SAMPLE_RATE) + 1)) / (_FADE_S * SAMPLE_RATE)
    for end in envelope, envelope[::-1]:
        np.minimum(end[: len(fade)], fade, out=end[: len(fade)])
    return envelope


def _in_room(rng: RandomState, dry: FloatArray) -> FloatArray:
    """Add early reflections and an exponential reverberation with fewer high frequencies."""
    reverberation_s = log_uniform(rng, 0.08, 1.2)
    n_response = int(min(reverberation_s, 1.0) * SAMPLE_RATE)
    envelope = np.exp(-6.9 * seconds(n_response) / reverberation_s)
    cutoff = log_uniform(rng, 1500, 12_000)
    tail = shape_spectrum(white_noise(rng, n_response), lambda f: band_gain(f, 80, cutoff, order=1))
    response = envelope * tail
    response /= np.sqrt(np.sum(response * response))
    response *= rng.uniform(0.05, 0.6)
    for _ in range(rng.randint(2, 8)):
        delay = min(int(rng.uniform(0.002, 0.05) * SAMPLE_RATE), n_response - 1)
        response[delay] += rng.uniform(-0.5, 0.5)
    response[0] += 1.0
    return signal.oaconvolve(dry, response)[: len(dry)]


def _through_microphone(rng: RandomState, sound: FloatArray) -> FloatArray:
    """Add colored background noise and sometimes hum, then the color of the microphone."""
    n_samples = len(sound)
    n_fft = fft.next_fast_len(n_samples + 2048, real=True)
    frequencies = np.maximum(fft.rfftfreq(n_fft, 1 / SAMPLE_RATE), 20.0)
    octaves = np.log2(frequencies / 1000)

    slope_db = rng.uniform(-5.0, -2.0)
    noise = fft.irfft(
        fft.rfft(white_noise(rng, n_samples), n_fft) * _gain(slope_db * octaves), n_fft
    )[:n_samples]
    noise /= np.std(noise)
    if chance(rng, 0.2):
        mains = rng.choice([50.0, 60.0]) * seconds(n_samples)
        orders = rng.randint(1, 8, size=3)
        hum = sum(np.sin(2 * np.pi * order * mains) for order in orders)
        noise += rng.uniform(0.2, 1.5) * hum
    # signal-to-noise ratio: the median is 36 dB, the lowest 5 dB
    ratio_db = 40.0 - 35.0 * rng.random_sample() ** 3
    noise *= np.sqrt(np.mean(sound * sound) / np.mean(noise * noise)) * 10 ** (-ratio_db / 20)

    gain_db = rng.uniform(-1.5, 1.5) * np.clip(octaves, -3.0, 3.0)
    for _ in range(rng.randint(1, 3)):
        distance = (octaves - rng.uniform(-3.5, 3.5)) / rng.uniform(0.3, 1.2)
        gain_db += rng.uniform(-5.0, 5.0) * np.exp(-distance * distance)
    low = log_uniform(rng, 20, 100)
    high = log_uniform(rng, 7000, 30_000)
    gain = _gain(gain_db) * band_gain(frequencies, low, high)
    return fft.irfft(fft.rfft(sound + noise, n_fft) * gain, n_fft)[:n_samples]


def _gain(level_db: FloatArray) -> FloatArray:
    """Return gains of levels in dB; much faster than a power of ten."""
    return np.exp(math.log(10) / 20 * level_db)
