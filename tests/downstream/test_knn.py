"""Nearest neighbors of features against their definition, and equal treatment of all features."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from soundalike.datasets.labels import Labels
from soundalike.datasets.splits import Split
from soundalike.downstream import knn
from soundalike.downstream.features import Features
from soundalike.downstream.knn import fit_knn
from soundalike.embedding.whitening import Whitening
from soundalike.evaluation.knn import default_k

NOTHING = np.zeros(0, dtype=np.int64)
SPLIT = Split("x", np.arange(60), NOTHING, np.arange(60, 90))


@pytest.fixture
def features():
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    h = rng.standard_normal((90, 8)) * np.geomspace(10, 0.1, 8) + np.eye(3, 8)[labels]
    vectors = torch.tensor(h, dtype=torch.float32)
    return Features(vectors, torch.arange(90), Labels(labels, ["a", "b", "c"]), np.arange(90))


def scores_of(features, split=SPLIT):
    return fit_knn(features, split).scores(features.select(split.test))


def test_the_nearest_training_windows_vote(features):
    train, test = features.vectors[:60], features.vectors[60:]
    std = train.std(dim=0, correction=0)
    whitening = Whitening.of(train / std, 8)
    unit = torch.nn.functional.normalize(whitening(features.vectors / std), dim=1)
    nearest = (unit[60:] @ unit[:60].T).topk(default_k(60, 3), dim=1).indices
    votes = features.labels.values[:60][nearest.numpy()]
    winners = [np.bincount(row).argmax() for row in votes]
    assert scores_of(features).shape == (len(test), 3)
    assert scores_of(features).argmax(axis=1).tolist() == winners


def test_units_and_offsets_of_features_do_not_matter(features):
    in_other_units = features.vectors * torch.logspace(-2, 3, 8) + 100
    expected = scores_of(features)
    assert scores_of(replace(features, vectors=in_other_units)) == pytest.approx(expected)


def test_whitened_features_are_treated_like_others(features):
    """Otherwise the row of a model that whitens could not be compared with its baselines."""
    assert (scores_of(replace(features, is_whitened=True)) == scores_of(features)).all()
    train = fit_knn(replace(features, is_whitened=True), SPLIT).train.vectors
    assert (train - train.mean(dim=0)).std(dim=0).max() < 2 * train.std(dim=0).min()


def test_the_clips_to_classify_are_not_used_to_whiten(features):
    one_by_one = [fit_knn(features, SPLIT).scores(features.select(np.array([n]))) for n in (60, 61)]
    assert (np.concatenate(one_by_one) == scores_of(features)[:2]).all()


def test_a_sample_of_many_windows_is_enough(features, monkeypatch):
    monkeypatch.setattr(knn, "MOST_WINDOWS", 40)
    whitening = fit_knn(features, SPLIT).whitening
    assert whitening.n_components == 8
    assert not torch.equal(whitening.center, features.vectors[:60].mean(dim=0))


@pytest.mark.parametrize("n_clips", [1, 2, 3])
def test_few_or_identical_training_clips_give_finite_scores(features, n_clips):
    few = Split("few", np.arange(n_clips), NOTHING, np.arange(60, 90))
    same = replace(features, vectors=features.vectors.clone())
    same.vectors[:n_clips] = 1
    for clips in (features, same):
        assert np.isfinite(scores_of(clips, few)).all()
        assert scores_of(clips, few).sum(axis=1) == pytest.approx(np.ones(30))
