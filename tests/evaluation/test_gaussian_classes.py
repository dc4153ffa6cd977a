"""Classes as normal distributions, held against scikit-learn and the plain formulas."""

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from soundalike.evaluation import gaussian_classes as module
from soundalike.evaluation.gaussian_classes import GaussianClasses

N, DIM = 90, 5


@pytest.fixture(scope="module")
def clips():
    """Vectors of 90 clips of three classes, which these are, and their folds."""
    rng = np.random.default_rng(0)
    truth = np.arange(N) % 3
    mixing = rng.standard_normal((DIM, DIM))
    vectors = (2 * np.eye(3, DIM)[truth] + rng.standard_normal((N, DIM))) @ mixing
    return vectors.astype(np.float32), truth, rng.permutation(N) % 3


def test_without_priors_it_is_linear_discriminant_analysis(clips, monkeypatch):
    vectors, truth, fold = clips
    monkeypatch.setattr(module, "SHRINKAGE", 0.0)
    monkeypatch.setattr(module, "MEAN_STRENGTH", 0.0)
    log_p = GaussianClasses.of(vectors, fold, DIM).log_probabilities(np.eye(3)[truth])
    for each in range(3):
        train, test = fold != each, fold == each
        model = LinearDiscriminantAnalysis(solver="lsqr").fit(vectors[train], truth[train])
        expected = model.predict_proba(vectors[test])
        assert np.exp(log_p[test]) == pytest.approx(expected, abs=0.02)


def test_a_clip_does_not_testify_for_itself(clips):
    vectors, truth, fold = clips
    labels = np.eye(3)[truth]
    gaussian = GaussianClasses.of(vectors, fold, DIM)
    before = gaussian.log_probabilities(labels)
    changed = labels.copy()
    changed[fold == 1] = np.eye(3)[(truth[fold == 1] + 1) % 3]
    after = gaussian.log_probabilities(changed)
    assert np.array_equal(before[fold == 1], after[fold == 1])
    assert not np.allclose(before[fold == 0], after[fold == 0])


def test_of_several_partitions_the_mean_of_the_log_densities_counts(clips):
    vectors, truth, fold = clips
    labels, partitions = np.eye(3)[truth], np.stack([fold, np.roll(fold, 7)])
    each = [GaussianClasses.of(vectors, part, DIM).log_probabilities(labels) for part in partitions]
    log_p = GaussianClasses.of(vectors, partitions, DIM).log_probabilities(labels)
    assert log_p == pytest.approx(log_softmax(np.mean(each, axis=0), axis=1))
    assert not np.allclose(each[0], each[1])


def test_soft_labels_count_by_their_share(clips):
    vectors, truth, fold = clips
    soft = 0.8 * np.eye(3)[truth] + 0.2 / 3
    log_p = GaussianClasses.of(vectors, fold, DIM).log_probabilities(soft)
    assert np.exp(log_p).sum(axis=1) == pytest.approx(1)
    hard = GaussianClasses.of(vectors, fold, DIM).log_probabilities(np.eye(3)[truth])
    assert (log_p.argmax(axis=1) == hard.argmax(axis=1)).mean() > 0.9
    assert log_p.max() < hard.max(), "less sure"


def test_clips_in_no_fold_are_not_scored(clips):
    vectors, truth, fold = clips
    fold = np.where(np.arange(N) < 5, -1, fold)
    log_p = GaussianClasses.of(vectors, fold, DIM).log_probabilities(np.eye(3)[truth])
    assert log_p[:5] == pytest.approx(np.log(1 / 3))


def test_background_is_a_class_of_its_own(clips):
    vectors, truth, fold = clips
    rng = np.random.default_rng(1)
    far = (30 + rng.standard_normal((200, DIM))).astype(np.float32)
    both = np.concatenate([vectors, far[:3]])
    folds = np.concatenate([fold, [0, 1, 2]])
    soft = np.eye(3, 4)[np.concatenate([truth, [0, 1, 2]])]
    gaussian = GaussianClasses.of(both, folds, DIM, background=far[3:])
    log_p = gaussian.log_probabilities(soft)
    assert log_p.argmax(axis=1)[-3:].tolist() == [3, 3, 3]
    assert (log_p.argmax(axis=1)[:N] == 3).mean() < 0.05


def test_fewer_axes_for_few_clips_and_vectors_that_are_equal(clips):
    vectors, truth, fold = clips
    assert GaussianClasses.of(vectors[:12], fold[:12], 48).x.shape == (12, 4)
    equal = GaussianClasses.of(np.ones((12, 3), np.float32), fold[:12], 48)
    assert np.isfinite(equal.log_probabilities(np.eye(3)[truth[:12]])).all()
