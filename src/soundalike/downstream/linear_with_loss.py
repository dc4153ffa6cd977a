"""Linear classifiers of a frozen encoder, trained by SGD with any classification loss."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from soundalike.datasets.splits import Split
from soundalike.downstream.features import Features
from soundalike.downstream.linear import LinearClassifier, fit_linear
from soundalike.downstream.supervised_recipe import loss_for_labels
from soundalike.evaluation.linear_sgd import random_patches
from soundalike.evaluation.logistic_regression import TrainingWindows, training_windows
from soundalike.losses import CLASSIFICATION_LOSSES
from soundalike.losses.batch import Batch
from soundalike.losses.classification_loss import ClassificationLoss
from soundalike.recipes.errors import recipe_errors
from soundalike.recipes.sections import build
from soundalike.runtime.hardware import best_device

N_EPOCHS, BATCH_SIZE, MOMENTUM = 100, 64, 0.9
LARGEST_CURVATURE = 0.5  # of the cross entropy by its logits
Loss = Mapping[str, Any]
"""The section `loss` of a resolved recipe."""


def linear_fit(loss: Loss) -> Callable[..., LinearClassifier]:
    """Return what fits linear classifiers by SGD with a loss.

    Args:
        loss: what SGD minimizes.

    Raises:
        RecipeError: a value of the loss is out of range.
    """
    with recipe_errors():
        build(CLASSIFICATION_LOSSES, loss)
    return partial(fit_linear_with_loss, loss=loss)


def fit_linear_with_loss(
    features: Features,
    split: Split,
    seed: int = 0,
    *,
    loss: Loss,
    precision: float | None = None,
) -> LinearClassifier:
    """Train a linear classifier on the training clips of a split; validation clips are not used.

    Features are standardized unless already whitened, as for `fit_linear`. Weights start at zero.
    An epoch takes one random window of each clip. The learning rate falls along a cosine from one
    over the largest curvature of the cross entropy, so no setting depends on the features.

    Args:
        features: of all clips.
        split: which clips train.
        seed: random seed of held-out clips, of the order of clips and of the choice of windows.
        loss: the loss.
        precision: inverse variance of the prior of the weights; by default the one that
            `fit_linear` chooses.

    Raises:
        RecipeError: the loss is for the other kind of labels.
    """
    some = features.select(split.train)
    criterion = build(CLASSIFICATION_LOSSES, loss_for_labels(loss, some.labels))
    if precision is None:
        precision = fit_linear(replace(features, background=None), split, seed).precision
    train, labels = windows_to_train(some), torch.from_numpy(some.labels.values)
    theta = minimize(criterion, train, labels.to(train.x.device), precision or 0.0, seed)
    return LinearClassifier(train.probe(theta[:, None]), precision=precision)


def windows_to_train(features: Features) -> TrainingWindows:
    """Return the windows of labeled clips in principal axes, standardized unless whitened."""
    device, labels = best_device(), features.labels
    return training_windows(
        features.vectors.to(device),
        features.clips.to(device),
        torch.from_numpy(labels.one_hot()).to(device),
        is_multi_label=labels.is_multi_label,
        standardize=not features.is_whitened,
    )


def minimize(
    criterion: ClassificationLoss,
    train: TrainingWindows,
    labels: Tensor,
    precision: float,
    seed: int,
) -> Tensor:
    """Return the weights of the coordinates of windows after training, the mean of all heads.

    Args:
        criterion: the loss; its memory is reset.
        train: windows of all clips.
        labels: of the clips.
        precision: inverse variance of the prior of the weights; the bias has none.
        seed: random seed of the order of clips and of the choice of windows.

    Shape:
        labels: [clips] or [clips, classes]; result: [rank + 1, classes].
    """
    n_clips, n_classes = train.targets.shape
    criterion.prepare(n_clips, n_classes)
    criterion.to(train.x.device)
    decay = train.x.new_full((train.x.shape[1], 1), precision / n_clips)
    decay[-1] = 0
    variances = train.weights @ train.x.square() / n_clips
    of_noise = float(variances.sum()) / (BATCH_SIZE * (1 - MOMENTUM))  # of one batch beside others
    curvature = LARGEST_CURVATURE * (float(variances.max()) + of_noise) + precision / n_clips
    theta = train.x.new_zeros(train.x.shape[1], criterion.n_heads * n_classes, requires_grad=True)
    velocity = torch.zeros_like(theta)
    for x, batch in _batches(criterion, train, labels, seed):
        (gradient,) = torch.autograd.grad(criterion(x @ theta, batch), theta)
        lr = (1 + math.cos(math.pi * batch.progress)) / 2 / curvature
        with torch.no_grad():
            velocity.mul_(MOMENTUM).add_(gradient).addcmul_(decay, theta)
            theta.sub_(velocity, alpha=lr)
    return theta.detach().unflatten(1, (criterion.n_heads, n_classes)).mean(dim=1)


def _batches(
    criterion: ClassificationLoss, train: TrainingWindows, labels: Tensor, seed: int
) -> Iterator[tuple[Tensor, Batch]]:
    """Yield the coordinates of random windows, mixed if the loss says so, and their batch."""
    n_clips, device = len(train.targets), train.x.device
    generator = torch.Generator().manual_seed(seed)
    windows = random_patches(train.clips.cpu(), n_clips, generator)
    for epoch in range(N_EPOCHS):
        order, of_clip = torch.randperm(n_clips, generator=generator), next(windows)
        for start in range(0, n_clips, BATCH_SIZE):
            clips = order[start : start + BATCH_SIZE]
            x = train.x[of_clip[clips].to(device)]
            progress = (epoch + start / n_clips) / N_EPOCHS
            shares = criterion.draw_shares(len(clips), generator)
            clips = clips.to(device)
            if shares is None:
                yield x, Batch(clips, labels[clips], progress=progress)
                continue
            others = torch.randperm(len(clips), generator=generator).to(device)
            shares = shares.to(x)
            x = shares[:, None] * x + (1 - shares[:, None]) * x[others]
            yield x, Batch(
                clips, labels[clips], shares=shares, other_labels=labels[clips][others],
                progress=progress,
            )  # fmt: skip
