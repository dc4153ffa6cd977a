"""Logistic regression on the probable true classes of clips whose labels are partly wrong."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from soundalike.datasets.labels import Labels
from soundalike.datasets.splits import Split
from soundalike.downstream.clip_vectors import clip_vectors
from soundalike.downstream.features import Features
from soundalike.downstream.linear import fit_linear
from soundalike.downstream.soft_labels import SMALLEST_WEIGHT, fit_soft_labels, soft_labels
from soundalike.evaluation.clean_labels import clean_label_posterior

NOTHING = np.zeros(0, dtype=np.int64)
TRUTH = np.arange(520) % 4
SPLIT = Split("x", np.arange(120), NOTHING, np.arange(120, 520))


def features_of(labels, h, classes="abcd"):
    vectors = torch.from_numpy(h).float()
    labels = Labels(labels, list(classes))
    return Features(vectors, torch.arange(len(h)), labels, np.arange(len(h)), is_whitened=True)


def sounds(seed=0, dim=12):
    """Return clips around one center for each class; the classes overlap a little."""
    noise = np.random.default_rng(seed).standard_normal((len(TRUTH), dim))
    return 4 * np.eye(4, dim)[TRUTH] + noise


@pytest.fixture(scope="module")
def noisy():
    """Clips of which 40% have a wrong label."""
    rng = np.random.default_rng(1)
    is_wrong = rng.random(len(TRUTH)) < 0.4
    return features_of(
        np.where(is_wrong, (TRUTH + rng.integers(1, 4, len(TRUTH))) % 4, TRUTH), sounds()
    )


@pytest.fixture(scope="module")
def classifier(noisy):
    return fit_soft_labels(noisy, SPLIT, seed=3)


def accuracy(classifier, features):
    return (classifier.scores(features.select(SPLIT.test)).argmax(1) == TRUTH[SPLIT.test]).mean()


def test_of_wrong_labels_more_is_learned_than_by_plain_logistic_regression(noisy, classifier):
    plain, soft = accuracy(fit_linear(noisy, SPLIT), noisy), accuracy(classifier, noisy)
    assert soft > plain + 0.02


def test_soft_labels_are_those_of_the_audit(noisy, classifier):
    train = noisy.select(SPLIT.train)
    clean = clean_label_posterior(clip_vectors(train).vectors, train.labels.values, seed=3)
    assert clean.p_outside.max() < 1e-9, "there is no background"
    targets = torch.from_numpy(clean.posterior).float()
    expected = fit_linear(noisy, SPLIT, seed=3, targets=targets)
    assert torch.allclose(classifier.probe.weight, expected.probe.weight, atol=1e-3)
    assert classifier.precision == fit_linear(noisy, SPLIT, seed=3).precision


def test_verified_labels_are_taken_for_right(noisy):
    train = noisy.select(SPLIT.train)
    is_wrong = train.labels.values != TRUTH[SPLIT.train]
    verified = replace(train.labels, values=TRUTH[SPLIT.train], is_verified=is_wrong)
    probabilities, weights = soft_labels(replace(train, labels=verified))
    assert (probabilities.argmax(axis=1)[is_wrong] == TRUTH[SPLIT.train][is_wrong]).all()
    assert probabilities.max(axis=1)[is_wrong] == pytest.approx(1)
    assert weights[is_wrong] == pytest.approx(1)


def test_sounds_of_none_of_the_classes_hardly_count():
    """The last 30 clips lie where the background does, whatever their label."""
    h = sounds()[SPLIT.train]
    far = 4 * np.eye(12)[10]
    h[90:] += far - 4 * np.eye(4, 12)[TRUTH[90:120]]
    background = torch.from_numpy(np.random.default_rng(5).standard_normal((200, 12)) + far)
    features = replace(features_of(TRUTH[SPLIT.train], h), background=background.float())
    probabilities, weights = soft_labels(features)
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert weights.min() >= SMALLEST_WEIGHT
    assert weights[90:].mean() < 0.1 < 0.9 < weights[:90].mean()


def test_other_sounds_are_told_from_the_classes_with_the_weights_of_clips(noisy):
    train = noisy.select(SPLIT.train)
    others = torch.full((50, 12), -2.0) + torch.randn(50, 12, generator=torch.manual_seed(0))
    train = replace(train, background=others)
    targets = torch.from_numpy(train.labels.one_hot()).float()
    half = torch.ones(120)
    half[60:] = 1e-6
    all_train = Split("all", np.arange(120), NOTHING, NOTHING)
    weighted = fit_linear(train, all_train, targets=targets, clip_weights=half).known
    alone = fit_linear(train, Split("x", np.arange(60), NOTHING, NOTHING)).known
    everything = fit_linear(train, SPLIT).known
    assert weighted is not None
    scores = [known.scores(train) for known in (weighted, alone, everything)]
    assert np.abs(scores[0] - scores[1]).max() < 0.2 * np.abs(scores[2] - scores[1]).max()


def test_a_class_missing_in_a_label_is_learned_if_clips_have_several():
    several = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 0], [0, 0, 1]], np.float32)[TRUTH]
    is_missing = np.random.default_rng(2).random(several.shape) < 0.4
    features = features_of(np.where(is_missing, 0, several), sounds(), "abc")
    test = features.select(SPLIT.test)
    plain, soft = (
        ((fit(features, SPLIT).scores(test) > 0.5) == several[SPLIT.test]).mean()
        for fit in (fit_linear, fit_soft_labels)
    )
    assert soft > plain + 0.02


@pytest.mark.parametrize("n_clips", [4, 9])
def test_few_clips_and_classes_without_one_are_no_problem(n_clips):
    features = features_of(TRUTH, sounds(), "abcdef")
    split = Split("x", np.arange(n_clips), NOTHING, SPLIT.test)
    scores = fit_soft_labels(features, split).scores(features.select(SPLIT.test))
    assert scores.shape == (400, 6)
    assert np.isfinite(scores).all()
    assert scores[:, 4:].max() < 0.5
