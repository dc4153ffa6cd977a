"""Levels: of a whole waveform, block by block, and with several gains."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.audio.level import Level, measure_peak, normalize_peak


@given(
    n_samples=st.integers(1, 500),
    scale=st.floats(1e-3, 1e3),
    offset=st.floats(-10, 10),
    n_blocks=st.integers(1, 5),
)
def test_the_peak_is_just_below_one(
    n_samples: int, scale: float, offset: float, n_blocks: int
) -> None:
    noise = np.random.default_rng(n_samples).standard_normal(n_samples)
    waveform = (scale * noise + offset).astype(np.float32)
    normalized = normalize_peak(waveform)
    centered = waveform.astype(np.float64) - waveform.mean(dtype=np.float64)
    expected = centered / (np.abs(centered).max() + 0.005)
    np.testing.assert_allclose(normalized, expected, atol=1e-3 if scale < 0.1 else 1e-4)
    assert np.abs(normalized).max() < 1
    blocks = [block for block in np.array_split(waveform, n_blocks) if len(block)]
    level, whole = measure_peak(blocks), measure_peak([waveform])
    assert level.mean == pytest.approx(whole.mean, rel=1e-9, abs=1e-12)
    assert level.gains == pytest.approx(whole.gains, rel=1e-9)


def test_silence_stays_silent() -> None:
    assert np.all(normalize_peak(np.full(1000, 0.3, np.float32)) == 0)


def test_gains_move_evenly_in_decibels_and_are_constant_beyond_the_positions() -> None:
    level = Level(mean=1.0, gains=(1.0, 100.0), positions=(10.0, 30.0))
    (normalized,) = level.normalize([np.full(41, 3.0, np.float32)])
    assert normalized.dtype == np.float32
    gains = normalized / 2
    np.testing.assert_allclose(gains[:11], 1)
    np.testing.assert_allclose(gains[30:], 100)
    np.testing.assert_allclose(np.diff(20 * np.log10(gains[10:31])), 2, atol=1e-4)


def test_gains_do_not_depend_on_where_blocks_end() -> None:
    level = Level(mean=0.0, gains=(1.0, 5.0, 0.1), positions=(10.0, 30.0, 80.0))
    waveform = np.linspace(-1, 1, 100, dtype=np.float32)
    blocks = np.split(waveform, [0, 7, 33, 34, 90])
    (whole,) = level.normalize([waveform])
    np.testing.assert_array_equal(np.concatenate([*level.normalize(blocks)]), whole)
