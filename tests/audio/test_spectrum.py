"""Spectra of recordings: tones and noise of known energy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.audio.spectrum import Spectrum


def tone(frequency: float, rate: int, duration_s: float = 2.0) -> np.ndarray:
    """Return a tone of amplitude 1."""
    time_s = np.arange(round(duration_s * rate)) / rate
    return np.sin(2 * np.pi * frequency * time_s).astype(np.float32)


def band_of(waveform: np.ndarray, rate: int, fmin: float = 50.0, fmax: float = 10500.0):
    spectrum = Spectrum()
    spectrum.add(waveform, rate)
    return spectrum.band(fmin, fmax)


@pytest.mark.parametrize(
    ("frequency", "below", "above"), [(20, 1, 0), (1000, 0, 0), (10000, 0, 0), (11000, 0, 1)]
)
def test_a_tone_is_below_within_or_above(frequency: float, below: int, above: int) -> None:
    band = band_of(tone(frequency, 44100), 44100)
    assert (band.below, band.above) == pytest.approx((below, above), abs=0.02)
    assert band.lowest <= frequency <= band.highest
    assert band.highest - band.lowest < 50


def test_bats_are_above() -> None:
    bats = band_of(tone(25000, 384000) + tone(50000, 384000), 384000)
    assert bats.above == pytest.approx(1, abs=1e-3)
    assert (bats.lowest, bats.highest) == pytest.approx((25000, 50000), abs=30)


def test_shares_are_of_energy() -> None:
    band = band_of(2 * tone(1000, 44100) + tone(15000, 44100), 44100)
    assert band.above == pytest.approx(0.2, abs=0.01)


def test_an_offset_is_not_below() -> None:
    assert band_of(tone(1000, 44100) + 5, 44100).below < 0.01


@pytest.mark.parametrize("duration_s", [0.002, 0.03, 0.1, 0.15])
def test_short_clips_have_a_spectrum(duration_s: float) -> None:
    assert band_of(tone(15000, 44100, duration_s), 44100).above > 0.9


def test_parts_of_several_rates_add_up() -> None:
    spectrum = Spectrum()
    spectrum.add(tone(15000, 96000), 96000)
    spectrum.add(tone(1000, 8000), 8000)
    assert spectrum.band(50, 10500).above == pytest.approx(0.5, abs=0.03)


def test_silence_has_no_band() -> None:
    assert np.isnan(band_of(np.zeros(44100, np.float32), 44100).above)
    assert np.isnan(Spectrum().band(50, 10500).below)


@given(n_samples=st.integers(1, 3000), rate=st.integers(100, 12000), scale=st.floats(1e-3, 1e9))
def test_shares_are_shares(n_samples: int, rate: int, scale: float) -> None:
    noise = np.random.default_rng(n_samples).standard_normal(n_samples)
    band = band_of((scale * noise).astype(np.float32), rate, 50, 2000)
    if n_samples > 2:
        assert -1e-9 <= band.below <= 1
        assert -1e-9 <= band.above <= 1
        assert 0 <= band.lowest <= band.highest


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=9), st.integers(1, 4))
def test_a_recording_is_silent_if_its_range_is(samples: list[int], n_blocks: int) -> None:
    waveform = 0.5 + 3e-5 * np.array(samples, np.float32)
    spectrum = Spectrum()
    for block in np.array_split(waveform, min(n_blocks, len(waveform))):
        spectrum.add(block, 100)
    assert spectrum.is_silent == (max(samples) - min(samples) < 7)
