"""Mean and standard deviation of the training set, against numpy over all values at once."""

import dataclasses

import numpy as np
import pytest

from soundalike.datasets import statistics as room
from soundalike.datasets.statistics import log_mel_mean_and_std


class Counted(np.ndarray):
    """Frames that record how many are read at a time."""

    taken: list[slice]

    def __getitem__(self, which):
        self.taken.append(which)
        return np.asarray(self)[which]


@pytest.fixture
def counted(store):
    """The store with `Counted` frames."""
    frames = store.frames.view(Counted)
    frames.taken = []
    return dataclasses.replace(store, frames=frames)


def test_equals_numpy_over_all_values(store):
    values = np.concatenate([store.of_clip(index).ravel() for index in range(len(store.clips))])
    mean, std = log_mel_mean_and_std(store)
    assert mean == pytest.approx(values.mean(dtype=np.float64), rel=1e-6)
    assert std == pytest.approx(values.std(dtype=np.float64), rel=1e-6)


def test_only_the_selected_clips_count(store):
    half = store.select(np.arange(5))
    values = np.concatenate([half.of_clip(index).ravel() for index in range(5)])
    assert log_mel_mean_and_std(half)[0] == pytest.approx(values.mean(dtype=np.float64), rel=1e-6)
    assert log_mel_mean_and_std(half) != log_mel_mean_and_std(store)


def test_the_standard_deviation_is_exact_for_a_large_mean(store):
    """The released code divides by N instead of its root: about 1e4 times too small here."""
    _, std = log_mel_mean_and_std(store)
    assert 0.3 < std < 3


def lengths(counted):
    """Return the number of frames of each read."""
    return np.array([taken.stop - taken.start for taken in counted.frames.taken])


def test_long_clips_are_processed_in_blocks_with_the_same_result(counted, monkeypatch):
    whole = log_mel_mean_and_std(counted)
    assert lengths(counted).tolist() == counted.n_frames.tolist()
    counted.frames.taken.clear()
    monkeypatch.setattr(room, "PIECE_FRAMES", 70)
    assert log_mel_mean_and_std(counted) == pytest.approx(whole, rel=1e-12)
    assert lengths(counted).max() == 70
    assert lengths(counted).sum() == counted.n_frames.sum()


@pytest.mark.parametrize("share", [2, 3, 5])
def test_a_larger_set_is_sampled_evenly(counted, monkeypatch, share):
    n_frames = int(counted.n_frames.sum())
    monkeypatch.setattr(room, "RUN_FRAMES", 40)
    monkeypatch.setattr(room, "PIECE_FRAMES", 40)
    monkeypatch.setattr(room, "SAMPLE_FRAMES", n_frames // share + 1)
    sampled = log_mel_mean_and_std(counted)
    assert lengths(counted).sum() == pytest.approx(n_frames / share, rel=0.1)
    starts = np.array([taken.start for taken in counted.frames.taken])
    assert np.diff(starts).max() <= 2 * 40 * share, "no part of the set is skipped"
    monkeypatch.undo()
    assert sampled == pytest.approx(log_mel_mean_and_std(counted), rel=0.15)
