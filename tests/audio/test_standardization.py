import numpy as np
import pytest

from soundalike.audio.standardization import Standardization


def test_standardized_values_have_mean_zero_and_standard_deviation_one():
    values = np.random.default_rng(0).normal(-4, 2, (50, 96)).astype(np.float32)
    standardized = Standardization(float(values.mean()), float(values.std()))(values)
    assert standardized.dtype == np.float32
    assert standardized.mean() == pytest.approx(0, abs=1e-5)
    assert standardized.std() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("mean", "std"), [(0, 0), (0, -1), (0, np.nan), (np.inf, 1), (0, np.inf)])
def test_invalid_statistics_are_refused(mean, std):
    with pytest.raises(ValueError, match="a std above 0"):
        Standardization(mean, std)
