"""The linear evaluation of Fonseca et al. 2021: a linear classifier of h, trained by SGD.

An epoch takes one random patch of each clip, the learning rate drops twice, and validation clips
choose the epoch. Clips with several labels get one logistic regression per class. The encoder is
frozen, so h is computed once and training runs on arrays.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from soundalike.evaluation import metrics
from soundalike.evaluation.class_probabilities import class_probabilities
from soundalike.evaluation.clip_scores import clip_scores
from soundalike.evaluation.linear_probe import LinearProbe, one_hot_labels


@dataclass(frozen=True)
class SGDSettings:
    """Settings of the training; the defaults are those of Fonseca et al. 2021.

    Args:
        n_epochs: passes over the clips.
        lr: initial learning rate.
        milestones: epochs after which the learning rate drops to a tenth.
        batch_size: clips per step; the last batch of an epoch may be smaller.
        momentum: momentum of the gradient.
        weight_decay: weight decay, of the bias too.
        seed: random seed of the order of clips and of the choice of patches.
    """

    n_epochs: int = 200
    lr: float = 0.1
    milestones: Sequence[int] = (80, 160)
    batch_size: int = 128
    momentum: float = 0.9
    weight_decay: float = 1e-4
    seed: int = 0


PAPER_SGD = SGDSettings()


def fit_by_sgd(
    h: Tensor,
    clips: Tensor,
    labels: Tensor,
    n_classes: int,
    validation: tuple[Tensor, Tensor, Tensor] | None = None,
    settings: SGDSettings = PAPER_SGD,
) -> tuple[LinearProbe, int]:
    """Train a linear classifier on precomputed h of patches.

    Args:
        h: embeddings of all training patches.
        clips: clip of each patch.
        labels: labels of the clips.
        n_classes: number of classes.
        validation: (h, clips, labels) to choose the epoch by: the first epoch with the best
            `metrics.score`. Without it the last epoch is used.
        settings: settings of the training.

    Shape:
        h: [patches, dim]; clips: [patches]; labels: [clips] or [clips, classes].

    Returns:
        The classifier, and the epoch that its weights come from, counted from 1.

    Raises:
        ValueError: a clip has no patches.
    """
    is_multi_label = labels.ndim == 2
    targets = one_hot_labels(labels, n_classes).to(h.dtype)
    best_epoch, best_score = 0, -1.0
    best = LinearProbe(h.new_zeros(h.shape[1], n_classes), h.new_zeros(n_classes), is_multi_label)
    epochs = train_linear(h, clips, targets, is_multi_label, settings)
    for epoch, theta in enumerate(epochs, start=1):
        probe = LinearProbe(theta[:-1].clone(), theta[-1].clone(), is_multi_label)
        # Without validation clips the epoch is the score, so the last one wins.
        score = epoch if validation is None else _validation_score(probe, *validation)
        if score > best_score:
            best, best_epoch, best_score = probe, epoch, score
    return best, best_epoch


def train_linear(
    h: Tensor, clips: Tensor, targets: Tensor, is_multi_label: bool, settings: SGDSettings
) -> Iterator[Tensor]:
    """Train a linear classifier and yield its weights after each epoch.

    The loss of a clip is the cross entropy, or the sum over the classes of the binary cross
    entropies. It is the sum and not the mean, so that a class learns equally fast whatever the
    number of classes. Weights start at zero (the problem is convex), so a feature that is always
    zero keeps a weight of zero.

    Args:
        h: embeddings of all training patches.
        clips: clip of each patch.
        targets: 1 if the clip has the class, otherwise 0.
        is_multi_label: if true, classes can occur together.
        settings: settings of the training.

    Shape:
        h: [patches, dim]; clips: [patches]; targets: [clips, classes].

    Yields:
        Weights [dim + 1, classes]; the last row is the bias, the weight of a feature that is always
        one. The next epoch overwrites this tensor.

    Raises:
        ValueError: a clip has no patches.
    """
    n_clips, n_classes = targets.shape
    theta = h.new_zeros(h.shape[1] + 1, n_classes)
    velocity = torch.zeros_like(theta)
    ones = h.new_ones(n_clips, 1)
    generator = torch.Generator().manual_seed(settings.seed)
    patches_of_epochs = random_patches(clips.cpu(), n_clips, generator)

    for epoch in range(1, settings.n_epochs + 1):
        lr = settings.lr * 0.1 ** sum(epoch > milestone for milestone in settings.milestones)
        order = torch.randperm(n_clips, generator=generator)
        patches = next(patches_of_epochs)[order].to(h.device)
        order = order.to(h.device)
        x = torch.cat([h[patches], ones], dim=1)
        y = targets[order]
        for start in range(0, n_clips, settings.batch_size):
            batch = slice(start, start + settings.batch_size)
            # The gradient of both losses has a closed form, much faster than autograd.
            error = class_probabilities(x[batch] @ theta, is_multi_label) - y[batch]
            error /= len(error)
            gradient = (x[batch].T @ error).add_(theta, alpha=settings.weight_decay)
            velocity.mul_(settings.momentum).add_(gradient)
            theta.sub_(velocity, alpha=lr)
        yield theta


def random_patches(clips: Tensor, n_clips: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield one random patch of each clip, [clips], endlessly."""
    n_patches = clips.bincount(minlength=n_clips)
    if (n_patches == 0).any():
        raise ValueError(f"clip {int(n_patches.argmin())} has no patches to train on")
    by_clip = clips.argsort(stable=True)
    starts = n_patches.cumsum(0) - n_patches
    while True:
        within = torch.rand(n_clips, generator=generator, dtype=torch.float64) * n_patches
        yield by_clip[starts + within.long()]


def _validation_score(probe: LinearProbe, h: Tensor, clips: Tensor, labels: Tensor) -> float:
    scores = clip_scores(probe.probabilities(h).cpu().numpy(), clips.cpu().numpy())
    return metrics.score(labels.cpu().numpy(), scores)
