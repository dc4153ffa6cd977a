"""Peak normalization, of a whole waveform and block by block."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.audio.level import level, normalize_peak


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
    assert level(blocks) == pytest.approx(level([waveform]), rel=1e-9, abs=1e-12)


def test_silence_stays_silent() -> None:
    assert np.all(normalize_peak(np.full(1000, 0.3, np.float32)) == 0)
