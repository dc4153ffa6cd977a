"""The synthetic sounds: their elements against plain definitions, and truths about the sounds."""

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
from soundalike.synthesis.recording import record
from soundalike.synthesis.sounds import CLASS_SOUNDS, OUTSIDE_SOUNDS
from soundalike.synthesis.strings import pluck
from soundalike.synthesis.struck import bounce_times

SOUNDS = {**CLASS_SOUNDS, **OUTSIDE_SOUNDS}
SECOND = SAMPLE_RATE


def strongest_frequency(waveform, low, high):
    """The peak of the spectrum between two frequencies, to a fraction of a hertz."""
    n_fft = 8 * len(waveform)
    magnitude = np.abs(np.fft.rfft(waveform * np.hanning(len(waveform)), n_fft))
    frequencies = np.fft.rfftfreq(n_fft, 1 / SAMPLE_RATE)
    inside = (frequencies > low) & (frequencies < high)
    return frequencies[inside][np.argmax(magnitude[inside])]


def centroid(waveform):
    """The mean frequency of the energy."""
    energy = np.abs(np.fft.rfft(waveform)) ** 2
    return np.sum(np.fft.rfftfreq(len(waveform), 1 / SAMPLE_RATE) * energy) / np.sum(energy)


def envelope(waveform, frame=220):
    """Root mean square of frames of 5 ms."""
    n_frames = len(waveform) // frame
    return np.sqrt(np.mean(waveform[: n_frames * frame].reshape(n_frames, frame) ** 2, axis=1))


def median_over_clips(measure, name, n_clips=15, n_samples=2 * SECOND):
    return np.median([measure(SOUNDS[name](RandomState(k), n_samples)) for k in range(n_clips)])


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


def test_events_come_at_the_asked_rate():
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


@pytest.mark.parametrize("softness", [0.02, 0.3, 0.5])
@pytest.mark.parametrize("frequency", [41.2, 82.41, 110.0, 329.63, 880.5])
def test_a_plucked_string_has_the_pitch_asked_for(frequency, softness):
    string = pluck(RandomState(0), frequency, 1.0, softness, 0.2, 2 * SECOND)
    heard = strongest_frequency(string, 0.8 * frequency, 1.2 * frequency)
    assert abs(1200 * np.log2(heard / frequency)) < 10  # cents


def test_a_plucked_string_decays_as_asked_and_its_high_partials_sooner():
    string = pluck(RandomState(0), 220.0, 0.5, 0.3, 0.2, 2 * SECOND)
    fundamental = np.abs(
        np.exp(-2j * np.pi * 220.0 * np.arange(len(string)) / SAMPLE_RATE) * string
    )
    early, late = (np.mean(fundamental[start : start + 8820]) for start in (8820, 8820 + 22_050))
    assert late / early < 1.1 * np.exp(-1)
    assert centroid(string[: SECOND // 4]) > 1.5 * centroid(string[SECOND // 2 :])


def test_a_coin_bounces_faster_and_faster():
    for seed in range(30):
        rng = RandomState(seed)
        intervals_s = np.diff(bounce_times(rng, rng.uniform(0.1, 0.3), rng.uniform(0.6, 0.88)))
        assert len(intervals_s) >= 5
        assert np.all(np.diff(intervals_s) < 0)


def test_an_engine_is_periodic_and_rain_is_not():
    def periodicity(waveform):
        loudness = envelope(waveform, frame=32) ** 2
        loudness -= loudness.mean()
        spectrum = np.abs(np.fft.rfft(loudness, 2 * len(loudness))) ** 2
        correlation = np.fft.irfft(spectrum)
        rate = SAMPLE_RATE / 32
        return correlation[int(rate / 80) : int(rate / 15)].max() / correlation[0]

    assert median_over_clips(periodicity, "Engine") > 0.3
    assert median_over_clips(periodicity, "Rain") < 0.15


def test_rain_is_denser_than_fire():
    def density(waveform):
        return np.mean(np.abs(waveform) > 0.1 * np.abs(waveform).max())

    assert median_over_clips(density, "Rain") > 2 * median_over_clips(density, "Fire")


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("Bass_guitar", "Acoustic_guitar"),
        ("Slam", "Coin_(dropping)"),
        ("Dishes_and_pots_and_pans", "Coin_(dropping)"),
        ("Wind", "Writing"),
        ("Engine", "Hi-hat"),
        ("Fart", "Squeak"),
    ],
)
def test_which_sound_is_the_brighter(lower, higher):
    assert median_over_clips(centroid, lower) < 0.8 * median_over_clips(centroid, higher)


def test_a_crash_rings_longer_than_a_hi_hat():
    def active_share(waveform):
        loudness = envelope(waveform)
        return np.mean(loudness > 0.2 * loudness.max())

    assert median_over_clips(active_share, "Crash_cymbal") > 1.5 * median_over_clips(
        active_share, "Hi-hat"
    )


def test_wind_changes_more_slowly_than_clapping():
    def roughness(waveform):
        loudness = envelope(waveform, frame=882)
        return np.mean(np.abs(np.diff(loudness))) / loudness.mean()

    assert median_over_clips(roughness, "Wind") < 0.5 * median_over_clips(roughness, "Clapping")


@pytest.mark.parametrize("name", SOUNDS)
def test_every_sound_can_be_made_at_every_length(name):
    for seed, duration_s in enumerate((0.15, 0.3, 1.0, 3.0)):
        n_samples = int(duration_s * SAMPLE_RATE)
        sound = SOUNDS[name](RandomState(seed), n_samples)
        assert sound.shape == (n_samples,)
        assert sound.dtype == np.float64
        assert np.all(np.isfinite(sound))
        assert np.abs(sound).max() > 0


@pytest.mark.parametrize("name", SOUNDS)
def test_every_sound_follows_its_seed(name):
    first, same, other = (SOUNDS[name](RandomState(seed), SECOND // 2) for seed in (1, 1, 2))
    assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_a_recording_has_its_length_level_and_soft_edges():
    for seed in range(40):
        recording = record(CLASS_SOUNDS["Slam"], RandomState(seed))
        assert int(0.3 * SAMPLE_RATE) <= len(recording) <= 10 * SAMPLE_RATE
        assert -26 <= 20 * np.log10(np.abs(recording).max()) <= -1
        assert recording[0] == recording[-1] == 0


def test_recordings_have_the_spread_of_lengths_and_levels_of_a_collection():
    durations_s, levels_db = [], []
    for seed in range(100):
        recording = record(lambda rng, n_samples: white_noise(rng, n_samples), RandomState(seed))
        durations_s.append(len(recording) / SAMPLE_RATE)
        levels_db.append(20 * np.log10(np.abs(recording).max()))
    assert 2.0 < np.median(durations_s) < 3.1
    assert max(levels_db) - min(levels_db) > 20
