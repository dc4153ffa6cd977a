"""Labels as numbers: single, several, missing."""

import numpy as np
import pandas as pd
import pytest

from soundalike.datasets.clips import Clip, ClipTable
from soundalike.datasets.labels import Labels

SINGLE = pd.Series(["owl", "", "cat", "owl"])
SEVERAL = pd.Series(["owl;cat", "", "cat", "owl; dog"])


def test_single_labels_are_class_indices():
    labels = Labels.from_names(SINGLE, ["cat", "owl"])
    assert labels.values.dtype == np.int64
    assert labels.values.tolist() == [1, -1, 0, 1]
    assert (len(labels), labels.n_classes, labels.is_multi_label) == (4, 2, False)
    assert labels.select(np.array([0, 2])).one_hot().tolist() == [[0, 1], [1, 0]]
    assert labels.is_known.tolist() == [True, False, True, True]


def test_several_labels_are_rows_of_zeros_and_ones():
    labels = Labels.from_names(SEVERAL, ["cat", "dog", "owl"])
    assert labels.values.dtype == np.float32
    assert labels.values[[0, 2, 3]].tolist() == [[1, 0, 1], [1, 0, 0], [0, 1, 1]]
    assert np.isnan(labels.values[1]).all(), "unlabeled is not 'none of them'"
    assert (len(labels), labels.n_classes, labels.is_multi_label) == (4, 3, True)
    assert labels.one_hot() is labels.values
    assert labels.is_known.tolist() == [True, False, True, True]


def test_an_unlisted_class_counts_as_none():
    assert Labels.from_names(SINGLE, ["owl"]).values.tolist() == [0, -1, -1, 0]
    several = Labels.from_names(SEVERAL, ["dog", "owl"])
    assert several.values[[0, 2, 3]].tolist() == [[0, 1], [0, 0], [1, 1]]
    assert several.is_known[2], "a cat is neither dog nor owl, and that is known"


@pytest.mark.parametrize("names", [SINGLE, SEVERAL])
def test_a_selection_keeps_its_kind_and_classes(names):
    labels = Labels.from_names(names, ["cat", "dog", "owl"])
    two = labels.select(np.array([2, 0]))
    assert np.array_equal(two.values, labels.values[[2, 0]])
    assert (two.classes, two.is_multi_label) == (labels.classes, labels.is_multi_label)


def test_some_clips_of_a_multi_label_table_may_make_a_single_label_one():
    table = ClipTable.of("x", [Clip(str(i), label) for i, label in enumerate(SEVERAL)])
    assert table.labels().is_multi_label
    assert table.where(np.array([1, 2])).labels(["cat"]).values.tolist() == [-1, 0]


def test_no_clips_and_no_labels():
    assert Labels.from_names(pd.Series([], dtype=str), []).values.tolist() == []
    assert Labels.from_names(pd.Series(["", ""]), []).is_known.tolist() == [False, False]
