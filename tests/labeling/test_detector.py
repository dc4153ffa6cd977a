"""What a detector learns from few labels, on vectors of four kinds of sounds."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from soundalike.labeling import detector as module
from soundalike.labeling.detector import PRECISION, UNLABELED_WEIGHT, fit_detector
from soundalike.labeling.labeled_windows import NO, UNKNOWN, YES, LabeledWindows

KINDS = np.arange(240) % 4


@pytest.fixture(scope="module")
def vectors():
    """Vectors of any length whose directions are those of four kinds, the first two alike."""
    rng = np.random.default_rng(0)
    centers = rng.standard_normal((4, 16))
    centers[1] = centers[0] + 0.7 * centers[1]
    noisy = centers[KINDS] + 0.4 * rng.standard_normal((240, 16))
    return (noisy * rng.uniform(0.1, 9, (240, 1))).astype(np.float32)


def labeled(yes=(), no=(), random=()):
    known = np.full(240, UNKNOWN, np.int8)
    known[list(yes)], known[list(no)] = YES, NO
    is_random, is_near = np.zeros((2, 240), bool)
    is_random[list(random)] = True
    return LabeledWindows(known, is_random, is_near)


def scores(vectors, labels):
    return fit_detector(vectors, labels).scores(vectors, np.linalg.norm(vectors, axis=1))


def test_it_is_the_logistic_regression_of_scikit_learn(vectors):
    labels = labeled(yes=[0, 4], no=[1, 2, 3])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    weights = np.where(labels.known == UNKNOWN, UNLABELED_WEIGHT, 1)
    regression = LogisticRegression(C=1 / PRECISION, tol=1e-8, max_iter=10_000)
    regression.fit(unit, labels.known == YES, sample_weight=weights)
    expected = regression.predict_proba(unit)[:, 1]
    assert scores(vectors, labels) == pytest.approx(expected, abs=0.02)


def test_one_example_is_enough_and_answers_of_no_help(vectors):
    one = scores(vectors, labeled(yes=[0]))
    assert set(KINDS[np.argsort(-one)[:30]]) == {0, 1}, "those that are alike come first"
    more = scores(vectors, labeled(yes=[0], no=[1, 5, 9, 13, 17]))
    assert more[KINDS == 1].mean() < 0.85 * one[KINDS == 1].mean()
    assert more[KINDS == 0].mean() > 0.9 * one[KINDS == 0].mean()


def test_the_length_of_a_vector_says_nothing(vectors):
    labels = labeled(yes=[0, 4], no=[1])
    assert scores(5 * vectors, labels) == pytest.approx(scores(vectors, labels), abs=1e-3)


def test_labels_of_windows_picked_at_random_and_windows_near_examples_do_not_train(vectors):
    plain = labeled(yes=[0], no=[1])
    with_random = labeled(yes=[0, 8], no=[1, 2], random=[8, 2])
    assert (scores(vectors, with_random) == scores(vectors, plain)).all()
    near = LabeledWindows(plain.known, plain.is_random, np.arange(240) == 8)
    assert scores(vectors, near)[8] > scores(vectors, plain)[8]


def test_a_sample_stands_for_many_windows_without_a_label(vectors, monkeypatch):
    monkeypatch.setattr(module, "MOST_UNLABELED", 40)
    labels = labeled(yes=[0, 4], no=[1, 5])
    few = scores(vectors, labels)
    assert few[KINDS == 0].mean() > 2 * few[KINDS > 0].mean()
    assert (few == scores(vectors, labels)).all(), "the sample is always the same"
