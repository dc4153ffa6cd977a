"""The order in which windows are to be listened to."""

import numpy as np
import pytest

from soundalike.labeling import queue as module
from soundalike.labeling.labeled_windows import NO, UNKNOWN, YES
from soundalike.labeling.queue import logit, next_windows
from soundalike.labeling.spans import Spans

SCORES = np.array([0.9, 0.1, 0.45, 0.8, 0.02, 0.7], np.float32)


def apart(n):
    """Windows of as many recordings."""
    return Spans(np.arange(n), np.zeros(n), np.ones(n))


def queue(scores, n, no=(), yes=(), spans=None, vectors=None, **settings):
    """Windows to listen to next; by default, no two are alike."""
    known = np.full(len(scores), UNKNOWN, np.int8)
    known[list(no)], known[list(yes)] = NO, YES
    vectors = np.eye(len(scores), dtype=np.float32) if vectors is None else vectors
    spans = spans or apart(len(scores))
    return next_windows(scores, vectors, known, spans, n, **settings).tolist()


def test_highest_scores_and_those_near_the_threshold_take_turns():
    assert queue(SCORES, 4) == [0, 2, 3, 5]
    assert queue(SCORES, 4, threshold=0.1) == [0, 1, 3, 4]


def test_windows_with_an_answer_are_left_out_and_there_may_be_fewer():
    assert queue(SCORES, 9, yes=[0], no=[3]) == [5, 2, 1, 4]
    assert queue(SCORES, 9, yes=[0], without=np.array([3])) == [5, 2, 1, 4]
    assert queue(SCORES, 3, no=range(6)) == []


def test_one_window_for_each_sound():
    """Windows of 2 s from 0, 1, 2, ... s: an event is in two or three of them."""
    starts_s = np.arange(8.0)
    spans = Spans(np.zeros(8, int), starts_s, starts_s + 2)
    scores = np.array([0.1, 0.6, 0.9, 0.7, 0.2, 0.1, 0.5, 0.5])
    assert queue(scores, 8, spans=spans) == [2, 6], "7 scores as much as 6"
    assert queue(scores, 8, yes=[2], spans=spans) == [6], "not what is beside it"


TWO_KINDS = np.array([[3, 0], [0.5, 0], [0, 2], [0, 1], [-1, 0]], np.float32)


def test_windows_like_one_in_the_queue_come_later():
    """The first two are of one kind, whatever their lengths; the third scores a little lower."""
    scores = np.array([0.9, 0.88, 0.8, 0.1, 0.1])
    assert queue(scores, 3, threshold=0.99) == [0, 1, 2]
    assert queue(scores, 3, vectors=TWO_KINDS, threshold=0.99) == [0, 2, 4]


def test_windows_like_one_without_the_label_come_later():
    scores = np.array([0.9, 0.88, 0.8, 0.1, 0.1])
    assert queue(scores, 1, no=[0], vectors=TWO_KINDS) == [2]
    assert queue(scores, 1, yes=[0], vectors=TWO_KINDS) == [1], "like one that has it"


def test_vectors_of_length_0_are_like_nothing():
    nothing = np.zeros((6, 3), np.float32)
    assert queue(SCORES, 4, no=[4], vectors=nothing) == queue(SCORES, 4, no=[4])


def test_only_the_best_of_a_large_archive_are_compared(monkeypatch):
    monkeypatch.setattr(module, "MOST_CANDIDATES", 2)
    assert queue(SCORES, 6) == [0, 2, 3, 5]


def test_logits_are_finite():
    assert np.isfinite(logit([0, 1])).all()
    assert logit(0.75) == pytest.approx(np.log(3))
