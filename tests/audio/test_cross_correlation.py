"""Copies match, whatever happened to them; what correlates by chance does not."""

import numpy as np
import pytest
from scipy.signal import lfilter

from soundalike.audio import cross_correlation
from soundalike.audio.cross_correlation import (
    LEAST_DEVIATIONS,
    best_lag,
    correlation,
    deviations,
    matching_part,
    n_independent,
    shifted,
)

RATE = 8000
MARGIN = 800


def noise(seed, n_samples=2 * RATE):
    """Return white noise."""
    return np.random.default_rng(seed).standard_normal(n_samples).astype(np.float32)


def rain(seed):
    """Return noise in which low frequencies dominate."""
    return lfilter([1], [1, -0.9], noise(seed)).astype(np.float32)


def tone(seed, frequency=440.0, level=0.02):
    """Return a tone at a random phase, in a little noise."""
    phase = np.random.default_rng(seed).uniform(0, 6)
    wave = np.sin(2 * np.pi * frequency * np.arange(2 * RATE) / RATE + phase)
    return (wave + level * noise(seed)).astype(np.float32)


def buzz(seed):
    """Return seventeen harmonics of 200 Hz at random phase, in a little noise."""
    time_s = np.arange(2 * RATE) / RATE + np.random.default_rng(seed).uniform()
    return (200 * time_s % 1 - 0.5 + 0.01 * noise(seed)).astype(np.float32)


def click(seed):
    """Return one short resonance in very little noise."""
    time_s = np.arange(2 * RATE) / RATE - 0.5
    wave = np.where(time_s > 0, np.exp(-time_s / 0.02), 0) * np.sin(2800 * time_s)
    return (wave + 1e-4 * noise(seed)).astype(np.float32)


def match(waveform, reference):
    """Match a waveform with a reference that is a little longer."""
    return cross_correlation.match(waveform, np.pad(reference, MARGIN), RATE)


@pytest.mark.parametrize("kind", [noise, rain])
@pytest.mark.parametrize("gain", [1.0, -0.01])
def test_a_copy_in_noise_matches(kind, gain):
    original = kind(0)
    result = match(original, gain * (original + 0.3 * original.std() * noise(1)))
    assert (result.start, result.end) == (0, len(original))
    assert result.lag == MARGIN
    assert result.correlation == pytest.approx(np.sign(gain) / np.sqrt(1.09), abs=0.01)


@pytest.mark.parametrize("kind", [noise, rain, tone, buzz, click])
def test_two_takes_of_a_kind_do_not_match(kind):
    assert match(kind(0), kind(1)) is None


def test_two_nearby_tones_do_not_match():
    assert match(tone(0, 440.0), tone(1, 440.2)) is None


def test_a_tone_correlates_by_chance_and_the_deviations_say_so():
    a, b = tone(0, level=0.001), tone(1, level=0.001)
    b = shifted(np.pad(b, MARGIN), best_lag(a, np.pad(b, MARGIN)), len(a))
    assert abs(correlation(a[MARGIN:-MARGIN], b[MARGIN:-MARGIN])) > 0.99
    assert deviations(a, b, RATE) < LEAST_DEVIATIONS / 2


def test_a_delay_by_half_a_sample_is_found():
    fine = np.random.default_rng(0).standard_normal(8 * RATE)
    fine = lfilter(np.hanning(9), 1, fine).astype(np.float32)
    first, second = fine[4::2], fine[1::2][: len(fine) // 2 - 2]
    result = cross_correlation.match(first[MARGIN:-MARGIN], second, RATE)
    assert result.lag == MARGIN + 1.5
    assert result.correlation > 0.99


def test_only_the_part_that_is_shared_matches():
    reference = noise(0)
    waveform = np.concatenate(
        [noise(1, RATE // 2), reference[RATE // 2 : -RATE // 2], noise(2, RATE // 2)]
    )
    result = match(waveform, reference)
    assert (result.start, result.end) == (RATE // 2, 3 * RATE // 2)


def test_a_quiet_ruined_block_does_not_end_the_part():
    a, b = noise(0), noise(0)
    a[3000:4000], b[3000:4000] = 0.01 * noise(1, 1000), 0.01 * noise(2, 1000)
    assert matching_part(a, b, 1000) == (0, len(a))
    b[8000:] = noise(3, 8000)
    assert matching_part(a, b, 1000) == (0, 8000)


@pytest.mark.parametrize("n_samples", [0, 1, RATE // 2 - 1])
def test_what_is_short_does_not_match(n_samples):
    assert match(noise(0, n_samples), noise(0, n_samples)) is None


def test_a_short_part_does_not_match():
    waveform = noise(1)
    waveform[4000:7000] = noise(0)[4000:7000]
    assert match(waveform, noise(0)) is None


def test_silence_does_not_match():
    silence = np.zeros(RATE, np.float32)
    assert match(silence, noise(0, RATE)) is None
    assert match(noise(0, RATE), silence) is None
    assert match(silence + 0.1, silence + 0.1) is None
    assert correlation(silence, silence) == 0


def test_independent_samples_are_counted_right():
    """Correlations of unrelated waveforms have a standard deviation of one by their root."""
    rng = np.random.default_rng(0)
    envelope = np.repeat([0.1, 3.0, 0.3, 1.0], 500).astype(np.float32)
    waves = lfilter([1], [1, -0.8], rng.standard_normal((200, 2000))).astype(np.float32) * envelope
    pairs = list(zip(waves[::2], waves[1::2], strict=True))
    deviation = np.std([correlation(a, b) for a, b in pairs])
    expected = np.mean([n_independent(a, b) for a, b in pairs]) ** -0.5
    assert deviation == pytest.approx(expected, rel=0.2)


def test_the_best_lag_equals_the_definition():
    waveform, reference = rain(0)[:300], rain(1)[:500]
    values = [abs(correlation(waveform, reference[lag : lag + 300])) for lag in range(201)]
    assert abs(best_lag(waveform, reference) - int(np.argmax(values))) < 1
