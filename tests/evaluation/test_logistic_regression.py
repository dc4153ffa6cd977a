"""Logistic regression against scikit-learn, and the choice of its prior against plain loops."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch.nn.functional import one_hot

from soundalike.evaluation.folds import stratified_folds
from soundalike.evaluation.logistic_regression import (
    held_out_losses,
    regularization_path,
    training_windows,
)

PRECISIONS = (30.0, 3.0, 0.3)


def clips_of_windows(n_clips=60, dim=6, seed=0, scale=None):
    """Windows of clips of three overlapping classes, one to three per clip, and correlated."""
    generator = torch.Generator().manual_seed(seed)
    kinds = torch.arange(n_clips) % 3
    clips = torch.arange(n_clips).repeat_interleave(torch.arange(n_clips) % 4 // 2 + 1)
    noise = torch.randn(len(clips), dim, generator=generator, dtype=torch.float64)
    mixing = torch.randn(dim, dim, generator=generator, dtype=torch.float64)
    several = (torch.rand(n_clips, 3, generator=generator) < 0.4).double()
    return torch.eye(3, dim)[kinds][clips] + noise @ mixing + 5, clips, kinds, several


def probes(h, clips, targets, precisions=PRECISIONS, is_multi_label=False, standardize=False):
    train = training_windows(
        h, clips, targets, is_multi_label=is_multi_label, standardize=standardize
    )
    return {
        precision: train.probe(theta) for precision, theta in regularization_path(train, precisions)
    }


def reference_probabilities(h, clips, labels, precision, test_h):
    """Those of scikit-learn, whose C is the variance of the prior; each clip counts once."""
    weights = 1 / np.bincount(clips)[clips]

    def fitted(y):
        regression = LogisticRegression(C=1 / precision, tol=1e-8, max_iter=10_000)
        return regression.fit(h, y, sample_weight=weights).predict_proba(test_h)

    if labels.ndim == 1:
        return fitted(labels[clips])
    return np.stack([fitted(labels[clips, k])[:, 1] for k in range(labels.shape[1])], axis=1)


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("is_multi_label", [False, True])
@pytest.mark.parametrize("dim", [6, 300], ids=["fewer features than windows", "more features"])
def test_every_prior_gives_the_probabilities_of_scikit_learn(dim, is_multi_label, standardize):
    h, clips, kinds, several = clips_of_windows(dim=dim)
    targets = several if is_multi_label else one_hot(kinds, 3)
    labels = several.numpy() if is_multi_label else kinds.numpy()
    weights = 1 / np.bincount(clips)[clips]
    x = h.numpy()
    if standardize:
        x = x - np.average(x, axis=0, weights=weights)
        x = x / np.sqrt(np.average(x**2, axis=0, weights=weights))
    path = probes(h, clips, targets, is_multi_label=is_multi_label, standardize=standardize)
    assert list(path) == list(PRECISIONS)
    for precision, probe in path.items():
        expected = reference_probabilities(x, clips.numpy(), labels, precision, x)
        assert probe.probabilities(h).numpy() == pytest.approx(expected, abs=0.02)


def test_float32_is_enough():
    h, clips, kinds, _ = clips_of_windows(dim=30)
    exact = probes(h, clips, one_hot(kinds, 3), (10.0,))[10.0].probabilities(h)
    single = probes(h.float(), clips, one_hot(kinds, 3), (10.0,))[10.0].probabilities(h.float())
    assert single.double() == pytest.approx(exact, abs=0.02)


def test_scale_and_offset_of_standardized_features_do_not_matter():
    h, clips, kinds, _ = clips_of_windows()
    moved = h * torch.logspace(-3, 3, 6, dtype=h.dtype) + 10
    plain, other = (
        probes(x, clips, one_hot(kinds, 3), (1.0,), standardize=True)[1.0].probabilities(x)
        for x in (h, moved)
    )
    torch.testing.assert_close(plain, other, atol=1e-3, rtol=0)


def test_a_repeated_window_changes_nothing():
    h, clips, kinds, _ = clips_of_windows()
    once, twice = (
        probes(x, of, one_hot(kinds, 3), (1.0,))[1.0].probabilities(h)
        for x, of in ((h, clips), (h.repeat(2, 1), clips.repeat(2)))
    )
    torch.testing.assert_close(once, twice, atol=1e-3, rtol=0)


def test_a_clip_of_weight_two_counts_as_two_clips():
    h, clips, kinds, _ = clips_of_windows()
    weights = torch.ones(60).index_fill_(0, torch.tensor([3, 8]), 2.0)
    train = training_windows(
        h, clips, one_hot(kinds, 3), is_multi_label=False, standardize=True, clip_weights=weights
    )
    ((_, theta),) = regularization_path(train, [1.0])
    again = torch.isin(clips, torch.tensor([3, 8]))
    numbers = torch.where(clips[again] == 3, 60, 61)
    twice = probes(
        torch.cat([h, h[again]]), torch.cat([clips, numbers]),
        one_hot(torch.cat([kinds, kinds[[3, 8]]]), 3), (1.0,), standardize=True,
    )[1.0]  # fmt: skip
    torch.testing.assert_close(
        train.probe(theta).probabilities(h), twice.probabilities(h), atol=1e-3, rtol=0
    )


@pytest.mark.parametrize("standardize", [False, True])
def test_a_constant_feature_has_no_weight(standardize):
    h, clips, kinds, _ = clips_of_windows()
    h = h.float()
    h[:, 2], h[:, 4] = 0.1, 0
    probe = probes(h, clips, one_hot(kinds, 3), (1.0,), standardize=standardize)[1.0]
    assert probe.weight[[2, 4]].abs().max() < 1e-3
    assert probe.probabilities(h).isfinite().all()


@pytest.mark.parametrize("is_multi_label", [False, True])
def test_classifiers_side_by_side_equal_classifiers_alone(is_multi_label):
    h, clips, kinds, several = clips_of_windows()
    targets = several if is_multi_label else one_hot(kinds, 3)
    train = training_windows(h, clips, targets, is_multi_label=is_multi_label, standardize=False)
    in_training = torch.stack([clips % 4 != 0, clips % 4 != 1], dim=1)
    *_, (_, together) = regularization_path(train, PRECISIONS, in_training)
    assert together.shape == (7, 2, 3)
    for column in range(2):
        *_, (_, alone) = regularization_path(train, PRECISIONS, in_training[:, [column]])
        logits = (train.x @ together[:, column], train.x @ alone[:, 0])
        a, b = (each.sigmoid() if is_multi_label else each.softmax(1) for each in logits)
        torch.testing.assert_close(a, b, atol=5e-3, rtol=0)


@pytest.mark.parametrize("is_multi_label", [False, True])
def test_held_out_losses_equal_classifiers_fitted_one_by_one(is_multi_label):
    h, clips, kinds, several = clips_of_windows(n_clips=40)
    targets = several if is_multi_label else one_hot(kinds, 3).double()
    labels = several.numpy() if is_multi_label else kinds.numpy()
    fold = np.array([0, 1, 2, -1])[np.arange(40) % 4]
    train = training_windows(h, clips, targets, is_multi_label=is_multi_label, standardize=False)

    losses = held_out_losses(train, fold, (1.0, 30.0))

    for precision, loss in losses.items():
        expected = []
        for k in range(3):
            trains = np.flatnonzero((fold != k)[clips])
            renumbered = np.unique(clips[trains], return_inverse=True)[1]
            used = labels[fold != k]
            x = h.numpy()
            p = reference_probabilities(x[trains], renumbered, used, precision, x)
            for clip in np.flatnonzero(fold == k):
                mean = p[clips == clip].mean(axis=0)
                likely = np.where(targets[clip] == 1, mean, 1 - mean if is_multi_label else 1)
                expected.append(-np.log(likely).sum())
        assert len(expected) == 30
        assert loss == pytest.approx(np.mean(expected), rel=0.01)


def test_losses_are_zero_without_held_out_clips():
    h, clips, kinds, _ = clips_of_windows(n_clips=3)
    fold = stratified_folds(kinds.numpy(), 5, seed=0)
    assert (fold == -1).all()
    train = training_windows(h, clips, one_hot(kinds, 3), is_multi_label=False, standardize=True)
    assert held_out_losses(train, fold, [1.0, 10.0]) == {1.0: 0, 10.0: 0}


@pytest.mark.parametrize("n_clips", [1, 2])
def test_identical_windows_leave_the_frequencies_of_the_classes(n_clips):
    targets = torch.eye(2)[:n_clips]
    (probe,) = probes(torch.ones(n_clips, 4), torch.arange(n_clips), targets, (1.0,)).values()
    p = probe.probabilities(torch.randn(5, 4))
    assert p == pytest.approx(targets.mean(dim=0).expand(5, 2), abs=0.05)


def test_an_error_names_a_clip_without_windows():
    with pytest.raises(ValueError, match="clip 1 has no windows"):
        probes(torch.randn(2, 3), torch.tensor([0, 2]), torch.eye(3))
