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


recordings_and_labels = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=50
)


@given(recordings_and_labels, st.integers(2, 6), st.integers(0, 9))
def test_clips_of_a_recording_share_a_fold(clips, n_folds, seed):
    recordings, labels = np.array(clips).T
    fold = stratified_folds(labels, n_folds, seed, recordings)
    assert fold.min() >= -1
    assert fold.max() < n_folds
    for recording in np.unique(recordings):
        assert len(set(fold[recordings == recording])) == 1
    for number in set(fold) - {-1}:
        assert (fold != number).any(), "something trains"


def test_recordings_of_one_clip_each_are_clips():
    labels = np.arange(40) % 3
    grouped = stratified_folds(labels, 5, 0, np.arange(40)[::-1])
    assert grouped.tolist() == stratified_folds(labels, 5, 0).tolist()


def test_recordings_of_a_class_are_spread_over_all_folds():
    recordings = np.arange(20).repeat(4)
    labels = recordings % 2
    fold = stratified_folds(labels, 5, 0, recordings)
    for number in range(5):
        assert sorted(labels[fold == number]) == [0] * 8 + [1] * 8


def test_the_only_recording_of_a_class_always_trains():
    labels, recordings = np.array([0, 0, 0, 0, 1, 1]), np.array([5, 5, 6, 6, 7, 7])
    fold = stratified_folds(labels, 2, 0, recordings)
    assert fold[4:].tolist() == [-1, -1]
    assert sorted(set(fold[:4])) == [0, 1]
