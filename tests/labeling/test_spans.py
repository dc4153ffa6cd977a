"""Overlaps of spans against plain loops."""

import numpy as np
import pandas as pd
import pytest

from soundalike.labeling.spans import NEAR_S, Spans


@pytest.fixture(scope="module")
def spans():
    """Sixty spans of four recordings, in no order, of 0.1 to 3 s."""
    rng = np.random.default_rng(0)
    start_s = rng.uniform(0, 20, 60).round(1)
    return Spans(rng.integers(4, size=60), start_s, start_s + rng.uniform(0.1, 3, 60).round(1))


def shared_s(spans, a, b):
    if spans.recordings[a] != spans.recordings[b]:
        return 0
    return min(spans.end_s[a], spans.end_s[b]) - max(spans.start_s[a], spans.start_s[b])


def test_overlapping(spans):
    for number, span in enumerate(spans):
        positions, seconds = spans.overlapping(*span)
        expected = {
            other: shared_s(spans, number, other)
            for other in range(len(spans))
            if shared_s(spans, number, other) > NEAR_S
        }
        assert dict(zip(positions.tolist(), seconds.tolist(), strict=True)) == pytest.approx(
            expected
        )
    assert len(spans.overlapping(9, 0, 20)[0]) == 0, "a recording without spans"


def test_a_peak_has_the_highest_score_of_all_that_overlap_it(spans):
    scores = np.random.default_rng(1).integers(5, size=len(spans))
    expected = [
        all(scores[a] >= scores[b] or shared_s(spans, a, b) <= NEAR_S for b in range(len(spans)))
        for a in range(len(spans))
    ]
    assert spans.is_peak(scores).tolist() == expected


def test_spans_that_only_touch_do_not_overlap():
    touching = Spans(np.zeros(2, int), np.array([0.0, 1.0]), np.array([1.0, 2.0]))
    assert touching.is_peak(np.array([0, 1])).all()
    assert touching.overlapping(0, 0, 1)[0].tolist() == [0]


def test_recordings_have_the_same_number_in_all_tables():
    tables = [
        pd.DataFrame({"recording": names, "start_s": 0, "end_s": 1})
        for names in (["b", "a"], [], ["a", "c", "b"])
    ]
    one, none, other = Spans.of(*tables)
    assert (one.recordings.tolist(), other.recordings.tolist()) == ([0, 1], [1, 2, 0])
    assert len(none) == 0
    assert list(one) == [(0, 0.0, 1.0), (1, 0.0, 1.0)]


def test_spans_of_a_few_samples_overlap_themselves_and_what_they_are_in():
    few = Spans(np.zeros(3, int), np.array([0.0, 1.0, 1.0]), np.array([1.0, 1.0001, 2.0]))
    assert few.overlapping(0, 1.0, 1.0001)[0].tolist() == [1, 2]
    assert few.overlapping(0, 0.0, 1.0)[0].tolist() == [0]
