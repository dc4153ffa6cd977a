"""Stochastic gradient settings for linear classifiers: one, or many that learn side by side.

The optimizer of the linear evaluation of Fonseca et al. 2021: one random patch of each clip an
epoch, momentum, a learning rate that falls twice. Classifiers that learn from different clips, or
with different weight decays, are columns of one matrix, so that many take little longer than one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class SGDSettings:
    """How the weights are learned; what is not given is the paper's.

    Args:
        n_epochs: passes over the clips.
        lr: learning rate at the start.
        milestones: epochs after which the learning rate falls to a tenth.
        batch_size: clips a step; the last step of an epoch takes what is left.
        momentum: of the gradient.
        decay_bias: whether the bias decays as the weights do, as in the paper; where the decay is
            strong, it would draw rare classes and frequent ones together.
        seed: of the order of clips and the choice of patches.
    """

    n_epochs: int = 200
    lr: float = 0.1
    milestones: Sequence[int] = (80, 160)
    batch_size: int = 128
    momentum: float = 0.9
    decay_bias: bool = True
    seed: int = 0


PAPER_SGD = SGDSettings()


def descend(
    settings: SGDSettings,
    h: Tensor,
    clips: Tensor,
    targets: Tensor,
    is_multi_label: bool,
    weight_decays: Tensor,
    learns_from: Tensor | None = None,
) -> Iterator[Tensor]:
    """Yield the classifiers after each epoch, in a tensor that the next epoch changes.

    The loss of a clip is the cross entropy, or the sum over the classes of the binary cross
    entropies: the sum, not their mean, so that a class learns at the same rate however many there
    are. Weights start at zero, as the problem is convex, so a feature that is always zero stays
    without weight.

    Args:
        settings: how they are learned.
        h: embeddings of all patches to learn from.
        clips: which clip each patch was cut from, counted from 0.
        targets: 1 where a clip has the class and 0 where not.
        is_multi_label: whether classes can occur together.
        weight_decays: of each classifier.
        learns_from: whether a classifier learns from a clip; by default each learns from all. The
            loss of a batch is the mean over the clips in it that the classifier learns from.

    Shape:
        h: [patches, dim]; clips: [patches]; targets: [clips, classes]; weight_decays:
        [classifiers]; learns_from: [clips, classifiers]; yields [dim + 1, classifiers, classes],
        the bias last, as the weight of a feature that is always one.

    Raises:
        ValueError: a clip has no patches.
    """
    n_clips, n_classes = targets.shape
    theta = h.new_zeros(h.shape[1] + 1, len(weight_decays), n_classes)
    decay = weight_decays.to(theta)[:, None].repeat(len(theta), 1, 1)
    decay[-1] *= settings.decay_bias
    velocity = torch.zeros_like(theta)
    ones = h.new_ones(n_clips, 1)
    generator = torch.Generator().manual_seed(settings.seed)
    draw_patches = _patch_draws(clips.cpu(), n_clips, generator)

    for epoch in range(1, settings.n_epochs + 1):
        lr = settings.lr * 0.1 ** sum(epoch > milestone for milestone in settings.milestones)
        order = torch.randperm(n_clips, generator=generator)
        patches = next(draw_patches)[order].to(h.device)
        order = order.to(h.device)
        x = torch.cat([h[patches], ones], dim=1)
        y = targets[order, None]
        for start in range(0, n_clips, settings.batch_size):
            batch = slice(start, start + settings.batch_size)
            logits = (x[batch] @ theta.flatten(1)).unflatten(1, theta.shape[1:])
            # The gradient of both losses in closed form: a fraction of what autograd takes for it.
            error = probabilities(logits, is_multi_label) - y[batch]
            if learns_from is None:
                error /= len(error)
            else:
                learned = learns_from[order[batch]].to(error)
                error *= (learned / learned.sum(dim=0).clamp(min=1))[..., None]
            gradient = (x[batch].T @ error.flatten(1)).view_as(theta).addcmul_(decay, theta)
            velocity.mul_(settings.momentum).add_(gradient)
            theta.sub_(velocity, alpha=lr)
        yield theta


def probabilities(logits: Tensor, is_multi_label: bool) -> Tensor:
    """Softmax over the last dimension, or a sigmoid of each for several labels."""
    return logits.sigmoid() if is_multi_label else logits.softmax(dim=-1)


def _patch_draws(clips: Tensor, n_clips: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Draw one random patch of each clip, again and again."""
    n_patches = clips.bincount(minlength=n_clips)
    if (n_patches == 0).any():
        raise ValueError(f"clip {int(n_patches.argmin())} has no patches to train on")
    by_clip = clips.argsort(stable=True)
    starts = n_patches.cumsum(0) - n_patches
    while True:
        within = torch.rand(n_clips, generator=generator, dtype=torch.float64) * n_patches
        yield by_clip[starts + within.long()]
