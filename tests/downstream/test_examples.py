"""Which clips are worth listening to, and their neighbors."""

import numpy as np
import torch

from soundalike.datasets.splits import Split
from soundalike.downstream.examples import (
    Example,
    NearestClips,
    confidently_wrong,
    nearest_to,
)

ONE = np.eye(3)[[0, 1, 2, 0]]
PROBABILITIES = np.array([[0.1, 0.3, 0.6], [0.2, 0.7, 0.1], [0.9, 0.1, 0.0], [0.5, 0.2, 0.3]])
SEVERAL = np.array([[1, 1, 0], [0, 1, 0], [1, 1, 1]])


def test_wrong_answers_begin_with_the_most_confident():
    wrong = confidently_wrong(ONE, PROBABILITIES, is_multi_label=False)
    assert wrong == [Example(2, answer=0, own=2, other=0), Example(0, answer=2, own=0, other=2)]


def test_with_several_labels_a_missed_class_is_wrong_too():
    probabilities = np.array([[0.6, 0.1, 0.2], [0.9, 0.8, 0.7], [0.9, 0.8, 0.7]])
    assert confidently_wrong(SEVERAL, probabilities, is_multi_label=True) == [
        Example(0, answer=1, own=1, other=2),  # missed with 0.1
        Example(1, answer=0, own=1, other=0),  # one row for its two false alarms
    ]


def test_answers_near_the_threshold():
    near = nearest_to(0.62, ONE, PROBABILITIES, is_multi_label=False)
    assert [example.row for example in near] == [0, 1, 3, 2]
    assert near[1] == Example(1, answer=1, own=1, other=0), "right; the next class beside it"
    near = nearest_to(0.7, SEVERAL, PROBABILITIES[:3], is_multi_label=True)
    assert near[0] == Example(1, answer=1, own=1, other=0)
    assert near[2] == Example(2, answer=0, own=0, other=None), "a clip with every class"


def test_neighbors_are_training_clips_of_the_class_in_the_same_round():
    vectors = torch.nn.functional.normalize(torch.tensor([[1.0, 0.1 * i] for i in range(6)]), dim=1)
    labels = np.eye(2)[[0, 1, 0, 1, 0, 1]]
    none = np.zeros(0, dtype=np.int64)
    splits = [
        Split("a", np.array([3, 4, 5]), none, np.array([0, 2])),
        Split("b", np.array([0, 2]), none, np.array([5])),
    ]
    nearest = NearestClips(vectors, labels, splits)
    assert [nearest.find(row, 0) for row in range(3)] == [4, 4, 2]
    assert [nearest.find(row, 1) for row in range(3)] == [3, 3, None]


def test_features_that_are_not_there_have_no_neighbors(store, tmp_path):
    assert NearestClips.read(tmp_path, store, []) is None
