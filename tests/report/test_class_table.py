import numpy as np
import pytest

from soundalike.report.class_table import ClassCounts, class_table


def test_every_clip_is_in_one_of_four_counts():
    rng = np.random.default_rng(0)
    truth, answers = (rng.random((2, 50, 4)) < 0.4).astype(float)
    rows = class_table(truth, answers == 1, list("abcd"))
    assert [row.recall for row in rows] == sorted(row.recall for row in rows), "the lowest first"
    for row in rows:
        has, gets = truth[:, "abcd".index(row.name)] == 1, answers[:, "abcd".index(row.name)] == 1
        assert (row.n_found, row.n_false) == ((has & gets).sum(), (gets & ~has).sum())
        assert row.n_found + row.n_missed + row.n_false + row.n_absent == 50
        assert row.recall == pytest.approx((has & gets).sum() / has.sum())
        assert row.precision == pytest.approx((has & gets).sum() / gets.sum())


def test_a_class_without_clips_or_answers_has_no_share():
    rows = class_table(np.array([[1, 0]]), np.array([[False, False]]), ["rain", "wind"])
    assert rows == [ClassCounts("rain", 0, 1, 0, 0), ClassCounts("wind", 0, 0, 0, 1)]
    assert [(row.recall, row.precision) for row in rows] == [(0, None), (None, None)]
