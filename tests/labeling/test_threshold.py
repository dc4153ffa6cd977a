"""The threshold that labels suggest, on vectors of two kinds of sounds that overlap."""

import numpy as np
import pytest

from soundalike.labeling.detector import detector_of, fit_detector, training_set
from soundalike.labeling.labeled_windows import NO, UNKNOWN, YES, LabeledWindows
from soundalike.labeling.queue import logit
from soundalike.labeling.threshold import MOST_FOLDS, _held_out_logits, choose_threshold

N = 200
IS_YES = np.arange(N) % 5 == 0


@pytest.fixture(scope="module")
def vectors():
    rng = np.random.default_rng(0)
    kind = np.where(IS_YES[:, None], rng.standard_normal(16), 0.0)
    return (rng.standard_normal(16) + kind + 0.5 * rng.standard_normal((N, 16))).astype(np.float32)


def labeled(n_yes, n_no):
    known = np.full(N, UNKNOWN, np.int8)
    known[np.flatnonzero(IS_YES)[:n_yes]] = YES
    known[np.flatnonzero(~IS_YES)[:n_no]] = NO
    return LabeledWindows(known, *np.zeros((2, N), bool))


def scores_of(vectors, detector):
    return detector.scores(vectors, np.linalg.norm(vectors, axis=1))


def threshold(vectors, labels):
    train, windows = training_set(vectors, labels)
    scores = scores_of(vectors, detector_of(train))
    return choose_threshold(train, labels.known[windows], logit(scores[windows])), scores


def test_with_one_example_it_is_far_above_most_windows(vectors):
    value, scores = threshold(vectors, labeled(1, 0))
    assert value < 0.5, "where no score is above it"
    assert (scores >= value)[~IS_YES].mean() < 0.05
    assert value <= scores[0]


@pytest.mark.parametrize(("n_yes", "n_no"), [(4, 8), (10, 20), (30, 60)])
def test_it_is_right_on_windows_without_a_label(n_yes, n_no, vectors):
    labels = labeled(n_yes, n_no)
    value, scores = threshold(vectors, labels)
    others = labels.known == UNKNOWN
    assert (scores >= value)[others & IS_YES].mean() > 0.8
    assert (scores >= value)[others & ~IS_YES].mean() < 0.2


def test_all_windows_may_have_labels(vectors):
    value, scores = threshold(vectors, labeled(N, N))
    assert ((scores >= value) == IS_YES).mean() > 0.9
    alone, _ = threshold(
        vectors[:1], LabeledWindows(np.full(1, YES, np.int8), *np.zeros((2, 1), bool))
    )
    assert 0 < alone < 1


@pytest.mark.parametrize("n_yes", [3, 14])
def test_labels_are_scored_by_detectors_that_were_trained_without_them(n_yes, vectors):
    labels = labeled(n_yes, 7)
    train, windows = training_set(vectors, labels)
    known = labels.known[windows]
    yes, no = np.flatnonzero(known == YES), np.flatnonzero(known == NO)
    logits = _held_out_logits(train, known)
    assert np.isnan(logits[known == UNKNOWN]).all()
    n_folds = min(MOST_FOLDS, n_yes)
    for fold in (0, n_folds - 1):
        left_out = np.concatenate([yes[fold::n_folds], no[fold::n_folds]])
        rest = np.setdiff1d(np.arange(N), left_out)
        detector = fit_detector(
            vectors[rest], LabeledWindows(known[rest], *np.zeros((2, len(rest)), bool))
        )
        expected = logit(scores_of(vectors[left_out], detector))
        assert logits[left_out] == pytest.approx(expected, abs=0.1)
