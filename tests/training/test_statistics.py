"""Mean and standard deviation of the training set, against numpy over all values at once."""

import numpy as np
import pytest

from soundalike.training.statistics import log_mel_statistics


def test_equals_numpy_over_all_values(store):
    values = np.concatenate([store.of_clip(index).ravel() for index in range(len(store.clips))])
    mean, std = log_mel_statistics(store)
    assert mean == pytest.approx(values.mean(dtype=np.float64), rel=1e-6)
    assert std == pytest.approx(values.std(dtype=np.float64), rel=1e-6)


def test_only_the_selected_clips_count(store):
    half = store.select(np.arange(5))
    values = np.concatenate([half.of_clip(index).ravel() for index in range(5)])
    assert log_mel_statistics(half)[0] == pytest.approx(values.mean(dtype=np.float64), rel=1e-6)
    assert log_mel_statistics(half) != log_mel_statistics(store)


def test_the_deviation_is_that_of_the_values_and_not_of_their_mean(store):
    """The released code divides by N instead of its root: about 1e4 times too small here."""
    _, std = log_mel_statistics(store)
    assert 0.3 < std < 3
