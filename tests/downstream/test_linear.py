"""The linear classifier of a model: its prior, and that what is kept is what was tested."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from soundalike.datasets.splits import Split, evaluation_splits
from soundalike.downstream import linear
from soundalike.downstream.features import Features, embeddings
from soundalike.downstream.linear import fit_linear, linear_classifier
from soundalike.downstream.protocols import PROTOCOLS, evaluate
from soundalike.embedding.sound_encoder import SoundEncoder

NOTHING = np.zeros(0, dtype=np.int64)


@pytest.fixture(scope="module")
def model(run):
    return SoundEncoder.from_pretrained(run.path)


@pytest.mark.parametrize("precision", linear.PRIOR_PRECISIONS)
@pytest.mark.parametrize("is_whitened", [False, True])
def test_the_probe_s_prior_counts_for_more_the_fewer_the_clips(monkeypatch, is_whitened, precision):
    """Against scikit-learn's logistic regression, whose C is the variance of its weights."""
    labels = np.arange(150) % 3
    rng = np.random.default_rng(0)
    h = rng.standard_normal((150, 6)) * [1, 1, 1, 1, 1, 5] + 2 * np.eye(3, 6)[labels]
    patches = Features(torch.tensor(h).float(), torch.arange(150), is_whitened)
    monkeypatch.setattr(linear, "PRIOR_PRECISIONS", (precision,))
    for n_clips in (30, 75):
        split = Split("x", np.arange(n_clips), NOTHING, np.arange(75, 150))
        scores = PROTOCOLS["linear"](patches, labels, 3, split, 0)
        scale = (1, StandardScaler().fit(h[:n_clips]).scale_)[not is_whitened]
        regression = LogisticRegression(C=1 / precision, tol=1e-6)
        regression.fit(h[:n_clips] / scale, labels[:n_clips])
        assert scores == pytest.approx(regression.predict_proba(h[75:] / scale), abs=0.02)


def test_wrong_labels_want_a_narrower_prior_than_right_ones(monkeypatch):
    rng = np.random.default_rng(0)
    truth = np.arange(600) % 4
    h = torch.tensor(rng.standard_normal((600, 40)) + 3 * np.eye(4, 40)[truth]).float()
    split = Split("x", np.arange(200), NOTHING, np.arange(200, 600))
    given = np.where(rng.random(600) < 0.5, rng.integers(4, size=600), truth)

    def accuracy_and_size(labels):
        heard = Features(h, torch.arange(600))
        weight = fit_linear(heard, labels, 4, split, seed=0).weight
        scores = PROTOCOLS["linear"](heard, labels, 4, split, 0)
        return (scores.argmax(axis=1) == truth[200:]).mean(), weight.norm()

    right, size_for_right = accuracy_and_size(truth)
    chosen, size = accuracy_and_size(given)
    monkeypatch.setattr(linear, "PRIOR_PRECISIONS", linear.PRIOR_PRECISIONS[:1])
    assert accuracy_and_size(truth) == (right, size_for_right), "clean labels want the widest"
    as_if_right, wide = accuracy_and_size(given)
    assert size < 0.7 * wide
    assert as_if_right + 0.03 < chosen < right


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("n_clips", [1, 2, 3, 4, 8])
def test_a_few_clips_are_enough_to_fit(n_clips, several):
    h = torch.randn(n_clips, 30, generator=torch.Generator().manual_seed(0))
    labels = np.arange(n_clips) % 2
    split = Split("x", np.arange(n_clips), NOTHING, NOTHING)
    heard = Features(h, torch.arange(n_clips))
    probe = fit_linear(heard, np.eye(2, dtype=int)[labels] if several else labels, 2, split, 0)
    assert probe.probabilities(h).argmax(dim=1).tolist() == labels.tolist()


def test_the_classifier_that_is_kept_is_the_one_that_was_tested(model, store):
    split = evaluation_splits(store)[0]
    heard = embeddings(model, store)
    classifier = linear_classifier(model, store, heard, split, seed=0)
    tested = evaluate(model, store, [split], ["linear"], progress=False)
    said = classifier.clip_probabilities(store.select(split.test))
    assert said == pytest.approx(tested["linear", "pretrained encoder"], abs=1e-5)
