"""Few-shot draws, against their definition."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.datasets.splits import Split
from soundalike.downstream.few_shot_draws import (
    Draw,
    distinct_amounts,
    draws,
    few_of,
    labels_per_class,
    notes_on_amounts,
)

NOTHING = np.zeros(0, dtype=np.int64)
LABELS = np.repeat([0, 1, 2], [20, 20, 6])
ALONE = np.arange(46)
TEST = np.arange(0, 46, 5)
SPLIT = Split("fold 1", np.setdiff1d(ALONE, TEST), NOTHING, TEST)


@given(st.integers(1, 30), st.integers(0, 9))
def test_a_draw_has_so_many_training_clips_of_each_class_or_all_of_them(n_labels, seed):
    few = few_of(SPLIT, LABELS, ALONE, n_labels, seed)
    counts = np.bincount(LABELS[few.train])
    assert counts.tolist() == np.minimum(np.bincount(LABELS[SPLIT.train]), n_labels).tolist()
    assert set(few.train) <= set(SPLIT.train)
    assert len(set(few.train)) == len(few.train)
    assert (few.test == SPLIT.test).all()
    assert len(few.validation) == 0


@given(st.integers(0, 9), st.lists(st.integers(0, 12), min_size=46, max_size=46))
def test_more_labels_contain_fewer(seed, recordings):
    trains = [
        set(few_of(SPLIT, LABELS, np.array(recordings), n_labels, seed).train)
        for n_labels in (1, 2, 5, 10, None)
    ]
    for fewer, more in itertools.pairwise(trains):
        assert fewer <= more
    assert trains[-1] == set(SPLIT.train)


def test_seeds_and_folds_draw_other_clips_and_a_seed_always_the_same():
    other = Split("fold 2", SPLIT.train, NOTHING, TEST)
    trains = {
        tuple(few_of(split, LABELS, ALONE, 4, seed).train)
        for split in (SPLIT, other)
        for seed in range(3)
        for _ in range(2)
    }
    assert len(trains) == 6


def test_clips_of_one_recording_are_drawn_together():
    """Each recording has three clips of a class, so six labels are two recordings of each."""
    labels, recordings = np.repeat([0, 1], 30), np.arange(60) // 3
    split = Split("test", np.arange(60), NOTHING, NOTHING)
    for seed in range(5):
        few = few_of(split, labels, recordings, 6, seed)
        assert np.unique(recordings[few.train], return_counts=True)[1].tolist() == [3] * 4
        four = few_of(split, labels, recordings, 4, seed)
        assert sorted(np.unique(recordings[four.train], return_counts=True)[1]) == [1, 1, 3, 3]


def test_every_clip_is_as_likely_as_the_others():
    split = Split("test", np.arange(20), NOTHING, NOTHING)
    labels, recordings = np.repeat([0, 1], 10), np.arange(20) // 2
    times = np.zeros(20)
    for seed in range(400):
        times[few_of(split, labels, recordings, 3, seed).train] += 1
    assert times == pytest.approx(120, abs=40)


def test_draws_go_seed_by_seed():
    every = list(draws([SPLIT, SPLIT], LABELS, ALONE, [1, None], [7, 8]))
    assert [draw.name for draw in every] == [
        "1-7-0", "1-7-1", "all-7-0", "all-7-1", "1-8-0", "1-8-1", "all-8-0", "all-8-1",
    ]  # fmt: skip
    assert isinstance(every[0], Draw)
    assert len(every[0].split.train) == 3
    assert len(every[2].split.train) == len(SPLIT.train)


def test_numbers_that_no_class_has_are_all_labels():
    assert distinct_amounts([20, 5, 1, 5], [SPLIT], LABELS) == [1, 5, None]
    assert distinct_amounts([5, 1], [SPLIT], LABELS) == [1, 5]
    assert distinct_amounts([16, 99, None], [SPLIT], LABELS) == [None]
    assert distinct_amounts([15, None], [SPLIT], LABELS) == [15, None]


def test_the_mean_number_of_labels_of_a_class():
    assert labels_per_class(2, [SPLIT], LABELS) == 2
    assert labels_per_class(10, [SPLIT, SPLIT], LABELS) == pytest.approx((10 + 10 + 4) / 3)
    assert labels_per_class(None, [SPLIT], LABELS) == pytest.approx(len(SPLIT.train) / 3)


def test_small_classes_and_large_numbers_are_noted():
    requested = [1, 5, 50, None]
    amounts = distinct_amounts(requested, [SPLIT], LABELS)
    assert notes_on_amounts(requested, amounts, [SPLIT], LABELS, ["dog", "owl", "rain"]) == [
        "no class has more training clips than 50: this is the same as all",
        "fewer than 5 training clips in some round: rain (4); where a draw asks for more, it "
        "takes all of them",
    ]
    assert notes_on_amounts([1, None], [1, None], [SPLIT], LABELS, ["a", "b", "c"]) == []
