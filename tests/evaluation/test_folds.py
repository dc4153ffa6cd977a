import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from soundalike.evaluation.folds import stratified_folds


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60), st.integers(2, 6), st.integers(0, 9))
def test_each_class_is_spread_evenly(labels, n_folds, seed):
    labels = np.array(labels)
    fold = stratified_folds(labels, n_folds, seed)
    for label in np.unique(labels):
        of_class = fold[labels == label]
        if len(of_class) == 1:
            assert of_class == -1
        else:
            counts = np.bincount(of_class, minlength=n_folds)
            assert len(counts) == n_folds
            assert counts.max() - counts.min() <= 1


def test_clips_with_several_labels_are_spread_evenly_and_at_random():
    labels = np.ones((12, 3), dtype=np.int64)
    folds = [stratified_folds(labels, 4, seed).tolist() for seed in (0, 0, 1)]
    assert sorted(folds[0]) == sorted([0, 1, 2, 3] * 3)
    assert folds[0] == folds[1] != folds[2]
