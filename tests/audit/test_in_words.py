"""The findings of an audit are sentences."""

import numpy as np

from soundalike.audit.in_words import confusions, missing_and_extra, verdict


def test_confusions_that_matter_come_by_size():
    counts = np.array([[46.0, 14.2, 1.4], [3.1, 60.0, 8.8], [0.0, 0.0, 0.0]])
    sentences = [str(each) for each in confusions(counts, ["rain", "sea", "dog"])]
    assert sentences == ["rain is called sea in 14 of 62", "sea is called dog in 9 of 72"]


def test_a_label_is_missing_or_too_many():
    labels = np.array([[1.0, 0.0]] * 30 + [[0.0, 1.0]] * 10)
    sentences = missing_and_extra(
        np.array([1.0, 3.0]), np.array([5.0, 0.0]), labels, ["dog", "sea"]
    )
    assert sentences == [
        "dog is too many in 5 of 30 labels with it",
        "sea is missing in 3 of 30 labels without it",
    ]


def test_one_label_is_wrong():
    assert verdict(1.1, (0.6, 2.4), 1, "label") == "about 1 of 1 label is wrong (1-2)"
