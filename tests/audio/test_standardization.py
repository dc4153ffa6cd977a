import numpy as np
import pytest

from soundalike.audio.standardization import Standardization


def test_values_of_the_set_it_is_of_get_mean_zero_and_deviation_one():
    values = np.random.default_rng(0).normal(-4, 2, (50, 96)).astype(np.float32)
    standardized = Standardization(float(values.mean()), float(values.std()))(values)
    assert standardized.dtype == np.float32
    assert standardized.mean() == pytest.approx(0, abs=1e-5)
    assert standardized.std() == pytest.approx(1, abs=1e-5)
