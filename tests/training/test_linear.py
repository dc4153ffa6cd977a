"""The linear classifier of an ear: its prior, and that what is kept is what was tested."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from soundalike.datasets.splits import Split, evaluation_splits
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.training.linear import PRIOR_PRECISION, linear_classifier
from soundalike.training.protocols import PROTOCOLS, evaluate
from soundalike.training.representations import Patches, embeddings

NOTHING = np.zeros(0, dtype=np.int64)


@pytest.fixture(scope="module")
def ear(run):
    return SoundEncoder.from_pretrained(run.path)


@pytest.mark.parametrize("is_whitened", [False, True])
def test_the_probe_s_prior_counts_for_more_the_fewer_the_clips(is_whitened):
    """Against scikit-learn's logistic regression, whose C is the variance of its weights."""
    labels = np.arange(150) % 3
    rng = np.random.default_rng(0)
    h = rng.standard_normal((150, 6)) * [1, 1, 1, 1, 1, 5] + 2 * np.eye(3, 6)[labels]
    patches = Patches(torch.tensor(h).float(), torch.arange(150), is_whitened)
    for n_clips in (15, 75):
        split = Split("x", np.arange(n_clips), NOTHING, np.arange(75, 150))
        scores = PROTOCOLS["linear"](patches, labels, 3, split, 0)
        scale = (1, StandardScaler().fit(h[:n_clips]).scale_)[not is_whitened]
        regression = LogisticRegression(C=1 / PRIOR_PRECISION, tol=1e-6)
        regression.fit(h[:n_clips] / scale, labels[:n_clips])
        assert scores == pytest.approx(regression.predict_proba(h[75:] / scale), abs=0.02)


def test_the_classifier_that_is_kept_is_the_one_that_was_tested(ear, store):
    split = evaluation_splits(store)[0]
    heard = embeddings(ear, store)
    classifier = linear_classifier(ear, store, heard, split, seed=0)
    tested = evaluate(ear, store, [split], ["linear"], progress=False)
    said = classifier.clip_probabilities(store.select(split.test))
    assert said == pytest.approx(tested["linear", "pretrained encoder"], abs=1e-5)
