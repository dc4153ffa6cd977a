"""Confusions of classes are sentences."""

import numpy as np

from soundalike.audit.confusions import NOTHING, Confusion, confusions

NAMES = ["rain", "sea", "dog", NOTHING]


def test_the_most_frequent_confusion_comes_first():
    counts = np.array([[46.0, 14.2, 1.4], [3.1, 60.0, 8.8], [0.0, 0.0, 0.0], [0, 2.7, 0]])
    totals = counts.sum(axis=1), counts.sum(axis=0)
    sentences = [
        str(each) for each in confusions(counts, NAMES, *totals, fewest=2, least_share=0.05)
    ]
    assert sentences == ["rain is called sea in 14 of 62", "sea is called dog in 9 of 72"]
    everything = confusions(counts, NAMES, *totals)
    assert everything[2:] == [
        Confusion("sea", "rain", 3, 72), Confusion(NOTHING, "sea", 3, 77),
        Confusion("rain", "dog", 1, 62),
    ]  # fmt: skip


def test_a_label_may_be_missing_or_too_many():
    missing, extra = Confusion("rain", NOTHING, 1200, 3000), Confusion(NOTHING, "sea", 3, 8)
    assert str(missing) == "rain is missing in 1,200 of 3,000"
    assert str(extra) == "sea is wrong in 3 of 8, with no other class in its place"
