"""Every sound of the table, and how the sounds differ."""

import numpy as np
import pytest
from numpy.random import RandomState
from numpy.testing import assert_array_equal

from soundalike.synthesis.elements import SAMPLE_RATE
from soundalike.synthesis.sounds import SOUNDS

SECOND = SAMPLE_RATE


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
def test_spectral_centroids_are_ordered_as_in_real_sounds(lower, higher):
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
