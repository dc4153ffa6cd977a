"""Linear classifiers trained by stochastic gradient descent, one or many side by side.

The optimizer of the linear evaluation of Fonseca et al. 2021: an epoch takes one random patch of
each clip, with momentum, and the learning rate drops twice. Classifiers with different training
clips or weight decays are slices of one tensor, so training many takes little longer than training
one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from soundalike.evaluation.class_probabilities import class_probabilities


@dataclass(frozen=True)
class SGDSettings:
    """Settings of the training; the defaults are those of Fonseca et al. 2021.

    Args:
        n_epochs: passes over the clips.
        lr: initial learning rate.
        milestones: epochs after which the learning rate drops to a tenth.
        batch_size: clips per step; the last batch of an epoch may be smaller.
        momentum: momentum of the gradient.
        decay_bias: if true, weight decay applies to the bias too, as in the paper. A strong decay
            of the bias evens out the predicted frequencies of the classes.
        seed: random seed of the order of clips and of the choice of patches.
    """

    n_epochs: int = 200
    lr: float = 0.1
    milestones: Sequence[int] = (80, 160)
    batch_size: int = 128
    momentum: float = 0.9
    decay_bias: bool = True
    seed: int = 0


PAPER_SGD = SGDSettings()


def train_linear(
    h: Tensor,
    clips: Tensor,
    targets: Tensor,
    weight_decays: Tensor,
    *,
    is_multi_label: bool,
    in_training: Tensor | None = None,
    settings: SGDSettings = PAPER_SGD,
) -> Iterator[Tensor]:
    """Train linear classifiers and yield their weights after each epoch.

    The loss of a clip is the cross entropy, or the sum over the classes of the binary cross
    entropies. It is the sum and not the mean, so that a class learns equally fast whatever the
    number of classes. Weights start at zero (the problem is convex), so a feature that is always
    zero keeps a weight of zero.

    Args:
        h: embeddings of all training patches.
        clips: clip of each patch.
        targets: 1 if the clip has the class, otherwise 0.
        weight_decays: weight decay of each classifier.
        is_multi_label: if true, classes can occur together.
        in_training: which clips each classifier trains on; by default all. The loss of a batch is
            the mean over its clips that the classifier trains on.
        settings: settings of the training.

    Shape:
        h: [patches, dim]; clips: [patches]; targets: [clips, classes]; weight_decays:
        [classifiers]; in_training: [clips, classifiers], bool.

    Yields:
        Weights [dim + 1, classifiers, classes]; the last row is the bias, the weight of a feature
        that is always one. The next epoch overwrites this tensor.

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
    patches_of_epochs = _random_patches(clips.cpu(), n_clips, generator)

    for epoch in range(1, settings.n_epochs + 1):
        lr = settings.lr * 0.1 ** sum(epoch > milestone for milestone in settings.milestones)
        order = torch.randperm(n_clips, generator=generator)
        patches = next(patches_of_epochs)[order].to(h.device)
        order = order.to(h.device)
        x = torch.cat([h[patches], ones], dim=1)
        y = targets[order, None]
        for start in range(0, n_clips, settings.batch_size):
            batch = slice(start, start + settings.batch_size)
            logits = (x[batch] @ theta.flatten(1)).unflatten(1, theta.shape[1:])
            # The gradient of both losses has a closed form, much faster than autograd.
            error = class_probabilities(logits, is_multi_label) - y[batch]
            if in_training is None:
                error /= len(error)
            else:
                weight = in_training[order[batch]].to(error)
                error *= (weight / weight.sum(dim=0).clamp(min=1))[..., None]
            gradient = (x[batch].T @ error.flatten(1)).view_as(theta).addcmul_(decay, theta)
            velocity.mul_(settings.momentum).add_(gradient)
            theta.sub_(velocity, alpha=lr)
        yield theta


def _random_patches(clips: Tensor, n_clips: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield one random patch of each clip, [clips], endlessly."""
    n_patches = clips.bincount(minlength=n_clips)
    if (n_patches == 0).any():
        raise ValueError(f"clip {int(n_patches.argmin())} has no patches to train on")
    by_clip = clips.argsort(stable=True)
    starts = n_patches.cumsum(0) - n_patches
    while True:
        within = torch.rand(n_clips, generator=generator, dtype=torch.float64) * n_patches
        yield by_clip[starts + within.long()]
