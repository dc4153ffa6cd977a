"""Verified labels as a check of an audit."""

import numpy as np
import pandas as pd
import pytest

from soundalike.audit.verified_labels import check_by_verified
from soundalike.datasets.clips import ClipTable
from soundalike.datasets.verified import VERIFIED


def clips(**columns):
    paths = [f"{number}.wav" for number in range(100)]
    return ClipTable("mine", pd.DataFrame({"path": paths, "label": "rain", **columns}))


@pytest.mark.parametrize("words", [(False, True), ("0", "1"), ("False", "True"), ("no", " Yes ")])
def test_suspicious_labels_are_counted_among_the_verified_and_the_others(words):
    verified = [words[number >= 60] for number in range(100)]
    p_wrong = np.zeros(100)
    p_wrong[[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 70]] = 0.9
    p_wrong[80] = 0.5
    assert check_by_verified(clips(**{VERIFIED: verified}), p_wrong) == (
        "Of 40 verified labels, 1 look wrong (2.5%); of the 60 others, 12 (20.0%)."
    )


def test_without_the_column_or_with_few_clips_of_a_kind_nothing_is_said():
    assert check_by_verified(clips(), np.zeros(100)) == ""
    few = [number < 19 for number in range(100)]
    assert check_by_verified(clips(**{VERIFIED: few}), np.zeros(100)) == ""
    assert check_by_verified(clips(**{VERIFIED: True}), np.zeros(100)) == ""
