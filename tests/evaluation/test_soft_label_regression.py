"""Out-of-fold logistic regression on soft labels, held against scikit-learn on copies of clips."""

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from soundalike.evaluation import soft_label_regression as module
from soundalike.evaluation.soft_label_regression import SoftLabelRegression


@pytest.fixture(scope="module")
def clips():
    """Vectors of 60 clips of three classes, their soft labels and folds."""
    rng = np.random.default_rng(0)
    truth = np.arange(60) % 3
    vectors = np.eye(3, 6)[truth] + 0.4 * rng.standard_normal((60, 6))
    soft = 0.7 * np.eye(3)[truth] + 0.3 * rng.dirichlet(np.ones(3), size=60)
    return vectors.astype(np.float32), soft, rng.permutation(60) % 4


def reference(vectors, soft, weights=None):
    """Fit scikit-learn's classifier to each clip once per class, weighted by its soft label."""
    n, n_classes = soft.shape
    x = np.repeat(vectors, n_classes, axis=0)
    y = np.tile(np.arange(n_classes), n)
    each = soft if weights is None else soft * weights[:, None]
    model = LogisticRegression(C=2.0, tol=1e-8, max_iter=1000)
    return model.fit(x, y, each.ravel())


def test_each_clip_is_scored_by_a_classifier_without_it(clips):
    vectors, soft, fold = clips
    fold = np.where(np.arange(60) < 2, -1, fold)
    log_p = SoftLabelRegression.of(vectors, fold, 3, 0.5).log_probabilities(soft)
    for each in range(4):
        test = fold == each
        expected = reference(vectors[~test], soft[~test]).predict_log_proba(vectors[test])
        assert log_p[test] == pytest.approx(expected, abs=0.02)
    assert log_p[:2] == pytest.approx(np.log(1 / 3)), "in no fold: nothing is known"


def test_of_several_partitions_the_mean_of_the_logits_counts(clips):
    vectors, soft, fold = clips
    partitions = np.stack([fold, np.roll(fold, 7), np.random.default_rng(2).permutation(60) % 3])
    each = [SoftLabelRegression.of(vectors, part, 3, 0.5).log_probabilities(soft)
            for part in partitions]  # fmt: skip
    mean = log_softmax(np.mean(each, axis=0), axis=1)
    log_p = SoftLabelRegression.of(vectors, partitions, 3, 0.5).log_probabilities(soft)
    assert log_p == pytest.approx(mean, abs=0.03)
    assert np.abs(each[0] - mean).max() > 0.1


def test_folds_may_be_fitted_one_after_the_other(clips, monkeypatch):
    vectors, soft, fold = clips
    together = SoftLabelRegression.of(vectors, fold, 3, 0.5).log_probabilities(soft)
    monkeypatch.setattr(module, "LOGITS_AT_ONCE", 1)
    apart = SoftLabelRegression.of(vectors, fold, 3, 0.5).log_probabilities(soft)
    # The solver stops when the loss of all folds together hardly falls, so digits differ.
    assert apart == pytest.approx(together, abs=0.02)


def test_background_is_a_class_of_its_own(clips):
    vectors, soft, fold = clips
    rng = np.random.default_rng(1)
    others = (np.eye(6)[[4]] + 0.3 * rng.standard_normal((30, 6))).astype(np.float32)
    regression = SoftLabelRegression.of(vectors, fold, 3, 0.5, background=others)
    with_outside = np.concatenate([soft, np.zeros((60, 1))], axis=1)
    log_p = regression.log_probabilities(with_outside)
    assert log_p.shape == (60, 4)
    test = fold == 0
    x = np.concatenate([vectors[~test], others])
    y = np.concatenate([with_outside[~test], np.eye(4)[[3] * 30]])
    weights = np.concatenate([np.ones((~test).sum()), np.full(30, 60 / 3 / 30)])
    expected = reference(x, y, weights).predict_log_proba(vectors[test])
    assert log_p[test] == pytest.approx(expected, abs=0.02)


def test_several_labels_have_log_odds(clips):
    vectors, soft, fold = clips
    regression = SoftLabelRegression.of(vectors, fold, 3, 0.5, is_multi_label=True)
    log_odds = regression.log_probabilities(soft)
    test = fold == 1
    for each in range(3):
        pair = np.stack([1 - soft[:, each], soft[:, each]], axis=1)
        expected = reference(vectors[~test], pair[~test]).decision_function(vectors[test])
        assert log_odds[test, each] == pytest.approx(expected, abs=0.03)
