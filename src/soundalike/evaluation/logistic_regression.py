"""Logistic regression with a normal prior of the weights, and the choice of that prior.

Softmax regression, or one binary regression per class if classes can occur together. The problem is
convex, so the result depends on nothing but the data and the prior. A clip counts once, however
many windows it has.

In principal axes the Hessian is close to diagonal. Dividing each coordinate by the square root of
its curvature leaves a well-conditioned problem, which L-BFGS (Liu and Nocedal 1989) solves in a few
tens of steps; on features that are correlated it takes hundreds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import softplus

from soundalike.evaluation.class_probabilities import class_probabilities
from soundalike.evaluation.clip_scores import SMALLEST_PROBABILITY, clip_scores
from soundalike.evaluation.linear_probe import LinearProbe

# An axis with a smaller share of the largest variance is a rounding error.
SMALLEST_VARIANCE = 1e-7
# In coordinates of unit curvature, a gradient of g is g**2 / 2 nats away from the minimum.
GRADIENT_TOLERANCE = 1e-2
MOST_STEPS = 200


@dataclass(frozen=True)
class TrainingWindows:
    """The windows that train, in coordinates along their principal axes.

    Args:
        x: coordinates of the windows; a last column of ones is for the bias.
        weights: weight of each window, that of its clip / (windows of its clip).
        clips: clip of each window.
        targets: 1 if the clip has the class, otherwise 0; or soft labels, the probabilities of the
            classes.
        is_multi_label: if true, classes can occur together.
        mean: mean of the embeddings.
        axes: ``(h - mean) @ axes`` are the coordinates.

    Shape:
        x: [windows, rank + 1]; weights, clips: [windows]; targets: [clips, classes]; mean: [dim];
        axes: [dim, rank].
    """

    x: Tensor
    weights: Tensor
    clips: Tensor
    targets: Tensor
    is_multi_label: bool
    mean: Tensor
    axes: Tensor

    def probe(self, theta: Tensor) -> LinearProbe:
        """Return the classifier of embeddings that equals a classifier of coordinates, on the CPU.

        Args:
            theta: weights, [rank + 1, 1, classes]; the last row is the bias.
        """
        weight = self.axes @ theta[:-1, 0]
        bias = theta[-1, 0] - self.mean @ weight
        return LinearProbe(weight.cpu(), bias.cpu(), self.is_multi_label)


def training_windows(
    h: Tensor,
    clips: Tensor,
    targets: Tensor,
    *,
    is_multi_label: bool,
    standardize: bool,
    clip_weights: Tensor | None = None,
) -> TrainingWindows:
    """Rotate windows to their principal axes.

    The axes are orthonormal, so that a prior of the weights is the same for coordinates as for
    features.

    Args:
        h: embeddings of the windows.
        clips: clip of each window.
        targets: 1 if the clip has the class, otherwise 0.
        is_multi_label: if true, classes can occur together.
        standardize: if true, each feature is divided by its standard deviation first.
        clip_weights: how much each clip counts; by default 1.

    Shape:
        h: [windows, dim]; clips: [windows]; targets: [clips, classes]; clip_weights: [clips].

    Raises:
        ValueError: a clip has no windows.
    """
    n_windows = clips.bincount(minlength=len(targets))
    if (n_windows == 0).any():
        raise ValueError(f"clip {int(n_windows.argmin())} has no windows to train on")
    weights = 1 / n_windows[clips].to(h)
    if clip_weights is not None:
        weights = weights * clip_weights.to(h)[clips]
    mean = weights @ h / weights.sum()
    deviations = h - mean
    std = torch.ones_like(mean)
    if standardize:
        std = (weights @ deviations.square() / weights.sum()).sqrt()
        std[std <= 1e-6 * mean.abs()] = 1  # a constant feature deviates by rounding only
    a = deviations / std * weights.sqrt()[:, None]
    if len(a) >= a.shape[1]:
        variances, axes = torch.linalg.eigh(a.T @ a)
    else:  # fewer windows than features: the Gram matrix of the windows is smaller
        variances, left = torch.linalg.eigh(a.double() @ a.double().T)
        axes = (a.double().T @ left / variances.clamp(min=1e-300).sqrt()).to(h)
    axes = axes[:, variances > SMALLEST_VARIANCE * variances[-1]] / std[:, None]
    x = torch.cat([deviations @ axes, h.new_ones(len(h), 1)], dim=1)
    return TrainingWindows(x, weights, clips, targets.to(h), is_multi_label, mean, axes)


def regularization_path(
    train: TrainingWindows,
    precisions: Sequence[float],
    in_training: Tensor | None = None,
    start: Tensor | None = None,
) -> Iterator[tuple[float, Tensor]]:
    """Fit classifiers for each precision of the prior, the highest first.

    The loss is the weighted sum of the negative log likelihoods of the windows, plus half the
    precision times the sum of squared weights. The bias has no prior. Each fit starts at the one
    before. Classifiers of different windows are fitted side by side, as columns of one matrix.

    Args:
        train: windows.
        precisions: inverse variances of the prior.
        in_training: which windows each classifier trains on; by default there is one, which trains
            on all.
        start: weights that the first fit starts at, such as those of similar targets; by default 0.

    Shape:
        in_training: [windows, classifiers]; start: [rank + 1, classifiers, classes].

    Yields:
        The precision, and the weights of the coordinates, [rank + 1, classifiers, classes].
    """
    x, targets, weights = train.x, train.targets[train.clips][:, None], train.weights[:, None, None]
    if in_training is not None:
        weights = weights * in_training[..., None]

    # The diagonal of the Hessian of the likelihood where all windows have the mean probabilities.
    frequencies = train.weights @ targets[:, 0] / train.weights.sum()
    variance = (frequencies * (1 - frequencies)).mean().clamp(min=1e-3)  # 0 with one class only
    curvature = (train.weights @ x.square()) * variance
    theta = x.new_zeros(x.shape[1], weights.shape[1], targets.shape[-1]) if start is None else start

    def loss() -> Tensor:
        """Return the loss of ``u * scale``, and set the gradient of u, which has a closed form."""
        theta = u * scale
        logits = (x @ theta.flatten(1)).unflatten(1, theta.shape[1:])
        if train.is_multi_label:
            normalizer, p = softplus(logits).sum(dim=-1), logits.sigmoid()
        else:
            normalizer = logits.logsumexp(dim=-1)
            p = (logits - normalizer[..., None]).exp()
        gradient = (x.T @ ((p - targets) * weights).flatten(1)).view_as(theta)
        u.grad = (gradient + prior * theta) * scale
        losses = weights[..., 0] * (normalizer - (targets * logits).sum(dim=-1))
        return losses.sum(dtype=torch.float64) + (prior * theta.square()).sum() / 2

    for precision in sorted(precisions, reverse=True):
        prior = x.new_full((x.shape[1], 1, 1), precision)
        prior[-1] = 0
        scale = (curvature[:, None, None] + prior).rsqrt()
        u = theta / scale
        optimizer = torch.optim.LBFGS(
            [u], max_iter=MOST_STEPS, history_size=10, line_search_fn="strong_wolfe",
            tolerance_grad=GRADIENT_TOLERANCE, tolerance_change=0,
        )  # fmt: skip
        optimizer.step(loss)
        theta = u * scale
        yield precision, theta


def held_out_losses(
    train: TrainingWindows, fold: NDArray[np.int64], precisions: Sequence[float]
) -> dict[float, float]:
    """Return the cross-validated loss for each precision of the prior.

    Args:
        train: windows of all clips.
        fold: fold of each clip, counted from 0; -1 for a clip that is always trained on and never
            scored.
        precisions: inverse variances of the prior to compare.

    Shape:
        fold: [clips].

    Returns:
        Mean negative log likelihood of the labels of held-out clips, by precision; all 0 if no clip
        is held out.
    """
    fold_of_window = torch.from_numpy(fold).to(train.x.device)[train.clips]
    folds = torch.arange(fold.max() + 1, device=train.x.device)
    is_held_out = fold_of_window[:, None] == folds
    tested = is_held_out.any(dim=1)
    losses = dict.fromkeys(precisions, 0.0)
    if not tested.any():
        return losses
    clips, clip_of_window = train.clips[tested].unique(return_inverse=True)
    truth = train.targets[clips].cpu().numpy()
    for precision, theta in regularization_path(train, precisions, ~is_held_out):
        logits = torch.einsum("wd,dfc->wfc", train.x, theta)[is_held_out]
        p = class_probabilities(logits, train.is_multi_label)
        scores = clip_scores(p.cpu().numpy(), clip_of_window.cpu().numpy())
        likelihood = truth * np.log(np.maximum(scores, SMALLEST_PROBABILITY))
        if train.is_multi_label:
            likelihood += (1 - truth) * np.log(np.maximum(1 - scores, SMALLEST_PROBABILITY))
        losses[precision] = -float(likelihood.sum(axis=1).mean())
    return losses
