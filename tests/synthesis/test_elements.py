"""Building blocks of synthetic sounds, compared with plain definitions."""

import numpy as np
import pytest
from numpy.random import RandomState
from numpy.testing import assert_allclose, assert_array_equal

from soundalike.synthesis.elements import (
    SAMPLE_RATE,
    band_pass,
    impulses,
    lay,
    log_uniform,
    pulse_times,
    random_times,
    ring,
    steady_times,
    wander,
    white_noise,
)

SECOND = SAMPLE_RATE


def test_ring_is_the_sum_of_its_modes():
    frequencies, decays_s, amplitudes = [440.0, 1234.5, 7000.0], [0.3, 0.05, 0.01], [1.0, 0.5, 2.0]
    n_samples = 1000
    expected = np.zeros(n_samples)
    for frequency, decay_s, amplitude in zip(frequencies, decays_s, amplitudes, strict=True):
        for n in range(n_samples):
            time_s = n / SAMPLE_RATE
            swing = np.sin(2 * np.pi * frequency * time_s)
            expected[n] += amplitude * np.exp(-time_s / decay_s) * swing
    assert_allclose(ring(frequencies, decays_s, amplitudes, n_samples), expected, atol=1e-12)


def test_ring_is_silent_above_the_nyquist_frequency():
    assert not ring([23_000.0], [1.0], [1.0], 500).any()


def test_lay_adds_sounds_and_cuts_at_the_end():
    sound = np.ones(4)
    laid = lay([(0.0, sound), (2 / SAMPLE_RATE, sound), (9.0, sound)], 5)
    assert_array_equal(laid, [1, 1, 2, 2, 1])


def test_pulse_times_of_a_steady_rate_are_evenly_spaced():
    times_s = pulse_times(np.full(SECOND, 100.0))
    assert_allclose(np.diff(times_s), 0.01, atol=2 / SAMPLE_RATE)
    assert len(times_s) == pytest.approx(100, abs=1)


def test_band_pass_keeps_the_band_and_stops_the_rest():
    time_s = np.arange(SECOND) / SAMPLE_RATE
    inside, outside = np.sin(2 * np.pi * 1000 * time_s), np.sin(2 * np.pi * 8000 * time_s)
    assert np.std(band_pass(inside, 300, 3000)) == pytest.approx(np.std(inside), rel=0.05)
    assert np.std(band_pass(outside, 300, 3000)) < 0.2 * np.std(outside)


def test_draws_stay_in_their_ranges():
    rng = RandomState(0)
    draws = [log_uniform(rng, 20, 2000) for _ in range(500)]
    assert min(draws) >= 20
    assert max(draws) <= 2000
    assert np.median(draws) == pytest.approx(200, rel=0.3)  # the middle of the logarithms
    assert np.abs(white_noise(rng, 1000)).max() <= 1
    assert np.abs(wander(rng, SECOND, 7.0)).max() <= 1


def test_events_occur_at_the_requested_rate():
    rng = RandomState(0)
    assert len(random_times(rng, 50.0, 20.0)) == pytest.approx(1000, rel=0.1)
    assert np.count_nonzero(impulses(rng, 50.0, 20 * SECOND)) == pytest.approx(1000, rel=0.1)
    assert_allclose(np.diff(steady_times(rng, 0.25, 0.1, 20.0)), 0.25, rtol=0.1 + 1e-9)
    assert len(steady_times(rng, 0.25, 0.1, 20.0)) == pytest.approx(80, rel=0.1)


@pytest.mark.parametrize("duration_s", [0.02, 0.3, 5.0])
def test_there_is_always_an_event_within_the_duration(duration_s):
    for seed in range(50):
        for times_s in (
            random_times(RandomState(seed), 0.1, duration_s),
            steady_times(RandomState(seed), 2.0, 0.3, duration_s),
        ):
            assert len(times_s) >= 1
            assert times_s[0] >= 0
            assert times_s[-1] <= duration_s
