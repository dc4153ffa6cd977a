"""The order in which windows are to be listened to."""

import numpy as np
import pytest

from soundalike.labeling.queue import logit, next_windows
from soundalike.labeling.spans import Spans

SCORES = np.array([0.9, 0.1, 0.45, 0.8, 0.02, 0.7], np.float32)


def apart(n):
    """Windows of as many recordings."""
    return Spans(np.arange(n), np.zeros(n), np.ones(n))


def queue(scores, n, labeled=(), spans=None, **settings):
    is_labeled = np.isin(np.arange(len(scores)), labeled)
    return next_windows(scores, is_labeled, spans or apart(len(scores)), n, **settings).tolist()


def test_highest_scores_and_those_near_the_threshold_take_turns():
    assert queue(SCORES, 4) == [0, 2, 3, 5]
    assert queue(SCORES, 4, threshold=0.1) == [0, 1, 3, 4]


def test_windows_with_a_label_are_left_out_and_there_may_be_fewer():
    assert queue(SCORES, 9, labeled=[0, 3]) == [5, 2, 1, 4]
    assert queue(SCORES, 3, labeled=range(6)) == []


def test_one_window_for_each_sound():
    """Windows of 2 s from 0, 1, 2, ... s: an event is in two or three of them."""
    starts_s = np.arange(8.0)
    spans = Spans(np.zeros(8, int), starts_s, starts_s + 2)
    scores = np.array([0.1, 0.6, 0.9, 0.7, 0.2, 0.1, 0.5, 0.5])
    assert queue(scores, 8, spans=spans) == [2, 6], "7 scores as much as 6"
    assert queue(scores, 8, labeled=[2], spans=spans) == [6], "not what is beside it"


def test_logits_are_finite():
    assert np.isfinite(logit([0, 1])).all()
    assert logit(0.75) == pytest.approx(np.log(3))
