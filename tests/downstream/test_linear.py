"""Linear classifiers compared with scikit-learn and torch, and the choice of the prior."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from soundalike.datasets.labels import Labels
from soundalike.datasets.splits import Split
from soundalike.downstream import linear
from soundalike.downstream.features import Features, embeddings
from soundalike.downstream.linear import fit_linear, fit_paper_linear
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder

NOTHING = np.zeros(0, dtype=np.int64)
SPLIT = Split("x", np.arange(0, 24, 2), NOTHING, np.arange(1, 24, 2))


def features_of(h, labels, is_whitened=False):
    names = [str(number) for number in range(4)]
    return Features(h, torch.arange(len(h)), Labels(labels, names), np.arange(len(h)), is_whitened)


@pytest.mark.parametrize("precision", linear.PRIOR_PRECISIONS)
@pytest.mark.parametrize("is_whitened", [False, True])
def test_the_prior_is_stronger_for_fewer_clips(monkeypatch, is_whitened, precision):
    """Compared with scikit-learn's logistic regression, whose C is the variance of the prior."""
    labels = np.arange(150) % 3
    rng = np.random.default_rng(0)
    h = rng.standard_normal((150, 6)) * [1, 1, 1, 1, 1, 5] + 2 * np.eye(3, 6)[labels]
    features = features_of(torch.tensor(h).float(), labels, is_whitened)
    monkeypatch.setattr(linear, "PRIOR_PRECISIONS", (precision,))
    for n_clips in (30, 75):
        split = Split("x", np.arange(n_clips), NOTHING, np.arange(75, 150))
        scores = fit_linear(features, split).scores(features.select(split.test))[:, :3]
        scale = (1, StandardScaler().fit(h[:n_clips]).scale_)[not is_whitened]
        regression = LogisticRegression(C=1 / precision, tol=1e-6)
        regression.fit(h[:n_clips] / scale, labels[:n_clips])
        assert scores == pytest.approx(regression.predict_proba(h[75:] / scale), abs=0.02)


def test_wrong_labels_lead_to_a_narrower_prior(monkeypatch):
    rng = np.random.default_rng(0)
    truth = np.arange(600) % 4
    h = torch.tensor(rng.standard_normal((600, 40)) + 3 * np.eye(4, 40)[truth]).float()
    split = Split("x", np.arange(200), NOTHING, np.arange(200, 600))
    noisy = np.where(rng.random(600) < 0.5, rng.integers(4, size=600), truth)

    def accuracy_and_size(labels):
        features = features_of(h, labels)
        linear = fit_linear(features, split)
        scores = linear.scores(features.select(split.test))
        return (scores.argmax(axis=1) == truth[200:]).mean(), linear.probe.weight.norm()

    right, size_for_right = accuracy_and_size(truth)
    chosen, size = accuracy_and_size(noisy)
    monkeypatch.setattr(linear, "PRIOR_PRECISIONS", linear.PRIOR_PRECISIONS[:1])
    assert accuracy_and_size(truth) == (right, size_for_right), "clean labels want the widest"
    as_if_right, wide = accuracy_and_size(noisy)
    assert size < 0.7 * wide
    assert as_if_right + 0.03 < chosen < right


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("n_clips", [1, 2, 3, 4, 8])
def test_a_few_clips_are_enough_to_fit(n_clips, several):
    h = torch.randn(n_clips, 30, generator=torch.Generator().manual_seed(0))
    labels = np.arange(n_clips) % 2
    split = Split("x", np.arange(n_clips), NOTHING, NOTHING)
    values = np.eye(4, dtype=np.float32)[labels] if several else labels
    probe = fit_linear(features_of(h, values), split).probe
    assert probe.probabilities(h).argmax(dim=1).tolist() == labels.tolist()


def test_a_sound_classifier_with_the_same_weights_has_the_same_scores(run, store):
    model = SoundEncoder.from_pretrained(run.path)
    features = embeddings(model, store)
    linear = fit_linear(features, SPLIT)
    classifier = linear.copy_to(SoundClassifier(model, store.clips.classes))
    expected = linear.scores(features.select(SPLIT.test))
    assert classifier.clip_probabilities(store.select(SPLIT.test)) == pytest.approx(
        expected, abs=1e-5
    )


def test_the_paper_s_classifier_equals_torch_on_unscaled_h(run, store):
    """Compared with a linear layer and SGD of torch, on the same patches in the same order."""
    model, split = SoundEncoder.from_pretrained(run.path), SPLIT
    one_patch = store.select(np.arange(24))
    one_patch = replace(one_patch, n_frames=np.full(24, model.patch_frames))
    features = embeddings(model, one_patch)
    linear = fit_paper_linear(features, split, n_epochs=5)

    h = features.vectors
    labels = torch.from_numpy(one_patch.clips.labels().values)
    layer = torch.nn.Linear(model.dim, 3)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [2, 4], gamma=0.1)
    for _ in range(5):  # twelve clips are one batch, so their order does not matter
        loss = F.cross_entropy(layer(h[split.train]), labels[split.train])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    expected = layer(h[split.test]).softmax(dim=1).detach().numpy()
    assert linear.scores(features.select(split.test)) == pytest.approx(expected, abs=1e-5)
    assert linear.epoch == 5


@pytest.fixture(scope="module")
def with_background():
    """Clips of two windows and three classes, and a background of two other kinds of sound."""
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    h = 3 * np.eye(6)[np.repeat(labels, 2)] + 0.3 * rng.standard_normal((120, 6))
    background = 3 * np.eye(6)[3 + np.arange(50) % 2] + 0.3 * rng.standard_normal((50, 6))
    return Features(
        torch.from_numpy(h).float(),
        torch.arange(120) // 2,
        Labels(labels, ["a", "b", "c"]),
        np.arange(60),
        is_whitened=True,
        background=torch.from_numpy(background).float(),
    )


ALL = Split("all", np.arange(60), NOTHING, NOTHING)


def loss_against_rest(probe, features, precision):
    """Return the regularized loss, by loops over sounds, their windows and the classes."""
    total = precision / 2 * float(probe.weight.square().sum())
    of_windows = probe.probabilities(features.vectors).tolist()
    for clip, label in enumerate(features.labels.values.tolist()):
        for p in of_windows[2 * clip : 2 * clip + 2]:
            for index in range(3):
                total -= np.log(p[index] if index == label else 1 - p[index]) / 2
    for p in probe.probabilities(features.background).tolist():
        total -= sum(np.log(1 - p[index]) for index in range(3))
    return total


def test_known_sounds_are_fitted_against_the_rest_and_the_background(with_background, monkeypatch):
    monkeypatch.setattr(linear, "PRIOR_PRECISIONS", (2.0,))
    probe = fit_linear(with_background, ALL).known.probe
    best = loss_against_rest(probe, with_background, 2.0)
    rng = np.random.default_rng(1)
    for scale in (0.01, 0.05):
        step = scale * torch.from_numpy(rng.standard_normal(probe.weight.shape)).float()
        for sign in (-1, 1):
            other = replace(probe, weight=probe.weight + sign * step)
            assert loss_against_rest(other, with_background, 2.0) > best - 1e-3


def test_sounds_like_the_background_are_less_known_than_those_of_the_classes(with_background):
    split = Split("x", np.arange(0, 60, 2), NOTHING, np.arange(1, 60, 2))
    known = fit_linear(with_background, split).known
    seen = known.scores(with_background.select(split.test)).max(axis=1)
    h = 3 * np.eye(6)[3 + np.arange(30) % 2] + 0.3
    unseen = replace(with_background, vectors=torch.from_numpy(h).float(), clips=torch.arange(30))
    assert known.scores(unseen).max() < seen.min()


def test_classes_do_not_depend_on_the_background(with_background):
    without = replace(with_background, background=None)
    ours, theirs = fit_linear(with_background, ALL), fit_linear(without, ALL)
    assert torch.equal(ours.probe.weight, theirs.probe.weight)
    assert theirs.known is None
    empty = replace(with_background, background=with_background.background[:0])
    assert (fit_linear(empty, ALL).known.scores(empty).max(axis=1) > 0.5).all()


def test_clips_with_several_labels_have_no_known_sounds(with_background):
    several = Labels(np.eye(3, dtype=np.float32)[with_background.labels.values], ["a", "b", "c"])
    assert fit_linear(replace(with_background, labels=several), ALL).known is None
