"""Linear classifiers trained by SGD with any classification loss."""

import numpy as np
import pytest
import torch

from soundalike.datasets.labels import Labels
from soundalike.datasets.splits import Split
from soundalike.downstream import linear_with_loss
from soundalike.downstream.features import Features
from soundalike.downstream.linear import fit_linear
from soundalike.downstream.linear_with_loss import (
    fit_linear_with_loss,
    linear_fit,
    minimize,
    windows_to_train,
)
from soundalike.losses import CLASSIFICATION_LOSSES
from soundalike.losses.classification_loss import ClassificationLoss
from soundalike.losses.cross_entropy import CrossEntropy
from soundalike.recipes.errors import RecipeError

NOTHING = np.zeros(0, dtype=np.int64)
ONE_LABEL = sorted(set(CLASSIFICATION_LOSSES) - {"binary_cross_entropy"})


def features_of(labels, truth, n_windows=2, spread=1.0, seed=0):
    """Return windows around one center for each true class, at different scales."""
    rng = np.random.default_rng(seed)
    n_classes = int(truth.max()) + 1
    clips = np.repeat(np.arange(len(truth)), n_windows)
    h = 3 * np.eye(n_classes, 12)[truth[clips]] + spread * rng.standard_normal((len(clips), 12))
    vectors = torch.from_numpy(h * np.linspace(0.5, 20, 12)).float()
    names = [str(number) for number in range(n_classes)]
    return Features(vectors, torch.from_numpy(clips), Labels(labels, names), np.arange(len(truth)))


@pytest.fixture(scope="module")
def noisy():
    """Clips of four classes, 30% of the labels wrong; half of the clips train."""
    rng = np.random.default_rng(1)
    truth = np.arange(240) % 4
    labels = np.where(rng.random(240) < 0.3, (truth + rng.integers(1, 4, 240)) % 4, truth)
    split = Split("x", np.arange(120), NOTHING, np.arange(120, 240))
    return features_of(labels, truth), split, truth


@pytest.mark.parametrize("name", ONE_LABEL)
def test_every_loss_classifies_clips_whose_labels_are_partly_wrong(noisy, name, monkeypatch):
    features, split, truth = noisy
    monkeypatch.setattr(linear_with_loss, "N_EPOCHS", 30)
    classifier = fit_linear_with_loss(features, split, loss={"name": name})
    scores = classifier.scores(features.select(split.test))
    assert scores.shape == (120, 4)
    assert scores.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (scores.argmax(axis=1) == truth[split.test]).mean() > 0.7  # a quarter at random


def test_cross_entropy_reaches_the_logistic_regression_with_the_same_prior(noisy, monkeypatch):
    """With one window per clip and batches of all clips, both minimize the same convex loss."""
    features, split, _ = noisy
    features = features_of(features.labels.values, np.arange(240) % 4, n_windows=1)
    monkeypatch.setattr(linear_with_loss, "BATCH_SIZE", 1000)
    monkeypatch.setattr(linear_with_loss, "N_EPOCHS", 400)
    ours = fit_linear_with_loss(features, split, loss={"name": "cross_entropy"})
    theirs = fit_linear(features, split)
    assert ours.precision == theirs.precision
    test = features.select(split.test)
    assert ours.scores(test) == pytest.approx(theirs.scores(test), abs=2e-3)


def test_the_prior_can_be_chosen(noisy):
    features, split, _ = noisy
    sizes = [
        fit_linear_with_loss(
            features, split, loss={"name": "cross_entropy"}, precision=precision
        ).probe.weight.norm()
        for precision in (10.0, 1000.0)
    ]
    assert sizes[1] < 0.5 * sizes[0]


def test_the_seed_decides_everything(noisy, monkeypatch):
    features, split, _ = noisy
    monkeypatch.setattr(linear_with_loss, "N_EPOCHS", 8)
    for name in ("mixup", "co_training"):
        first, again, other = (
            fit_linear_with_loss(features, split, seed, loss={"name": name}, precision=10.0)
            for seed in (0, 0, 1)
        )
        assert torch.equal(first.probe.weight, again.probe.weight)
        assert not torch.equal(first.probe.weight, other.probe.weight)


def test_several_labels_are_learned_with_binary_cross_entropy():
    truth = np.arange(60) % 3
    several = np.array([[1, 0, 1], [1, 1, 0], [0, 1, 0]], np.float32)[truth]
    features = features_of(several, truth, spread=0.3)
    split = Split("x", np.arange(0, 60, 2), NOTHING, np.arange(1, 60, 2))
    for name in ("cross_entropy", "binary_cross_entropy"):
        scores = fit_linear_with_loss(features, split, loss={"name": name}).scores(
            features.select(split.test)
        )
        assert ((scores > 0.5) == several[split.test]).all()
    with pytest.raises(RecipeError, match="elr, which is for one label per clip"):
        fit_linear_with_loss(features, split, loss={"name": "elr"})


def test_a_loss_gets_clips_labels_and_progress_of_each_batch(noisy, monkeypatch):
    features, split, _ = noisy
    monkeypatch.setattr(linear_with_loss, "N_EPOCHS", 2)
    batches, sizes = [], []

    class Recorder(ClassificationLoss):
        def prepare(self, n_clips, n_classes):
            sizes.append((n_clips, n_classes))

        def forward(self, logits, batch):
            batches.append(batch)
            return CrossEntropy()(logits, batch)

    train = features.select(split.train)
    labels = torch.from_numpy(train.labels.values)
    minimize(Recorder(), windows_to_train(train), labels, 10.0, seed=0)
    assert sizes == [(120, 4)]
    assert [len(batch.clips) for batch in batches] == [64, 56, 64, 56]
    assert [batch.progress for batch in batches] == pytest.approx([0, 64 / 240, 0.5, 184 / 240])
    for epoch in (batches[:2], batches[2:]):
        assert sorted(torch.cat([batch.clips for batch in epoch]).tolist()) == list(range(120))
    assert all(torch.equal(batch.labels, labels[batch.clips]) for batch in batches)


def test_the_loss_is_checked_before_anything_is_computed():
    with pytest.raises(RecipeError, match=r"Lq needs a q in \(0, 1\]"):
        linear_fit({"name": "lq", "q": 7.0})
