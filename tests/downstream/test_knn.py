"""Nearest neighbors of features against their definition."""

import numpy as np
import torch

from soundalike.datasets.labels import Labels
from soundalike.datasets.splits import Split
from soundalike.downstream.features import Features
from soundalike.downstream.knn import fit_knn
from soundalike.evaluation.knn import default_k

NOTHING = np.zeros(0, dtype=np.int64)


def test_the_nearest_training_windows_vote():
    rng = np.random.default_rng(0)
    labels = np.arange(20) % 2
    vectors = torch.tensor(rng.standard_normal((20, 4)), dtype=torch.float32)
    features = Features(vectors, torch.arange(20), Labels(labels, ["a", "b"]), np.arange(20))
    split = Split("x", np.arange(14), NOTHING, np.arange(14, 20))
    scores = fit_knn(features, split).scores(features.select(split.test))
    unit = torch.nn.functional.normalize(vectors, dim=1)
    similarity = unit[14:] @ unit[:14].T
    nearest = similarity.topk(default_k(14, 2), dim=1).indices
    votes = labels[:14][nearest.numpy()].mean(axis=1)
    assert scores.shape == (6, 2)
    assert (scores.argmax(axis=1) == (votes > 0.5)).all()
