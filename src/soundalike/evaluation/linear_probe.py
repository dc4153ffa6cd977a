"""Linear evaluation: how well do straight cuts through a frozen encoder's h separate the classes?

The protocol of Fonseca et al. 2021: softmax regression by stochastic gradient descent, one random
patch of each clip an epoch, the best epoch chosen on validation clips. Clips with several labels
get a logistic regression for each class instead. The encoder is frozen, so h is computed once and
the whole training runs on arrays.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from soundalike.evaluation import metrics
from soundalike.evaluation.clip_scores import clip_scores


@dataclass(frozen=True)
class LinearProbe:
    """A linear classifier of h; the standardisation it was trained with is folded into it.

    Args:
        weight: of each feature for each class.
        bias: of each class.
        epoch: the epoch these weights are from, counted from 1.
        is_multi_label: whether classes can occur together, each with a probability of its own.

    Shape:
        weight: [dim, classes]; bias: [classes].
    """

    weight: Tensor
    bias: Tensor
    epoch: int
    is_multi_label: bool

    def probabilities(self, h: Tensor) -> Tensor:
        """Class probabilities of patches: softmax, or sigmoid for several labels.

        Args:
            h: embeddings of patches, as the encoder gives them.

        Shape:
            h: [patches, dim]; result: [patches, classes].
        """
        return _probabilities(torch.addmm(self.bias, h, self.weight), self.is_multi_label)


def fit_linear_probe(
    h: Tensor,
    clips: Tensor,
    labels: Tensor,
    n_classes: int,
    validation: tuple[Tensor, Tensor, Tensor] | None = None,
    *,
    standardise: bool = True,
    n_epochs: int = 200,
    lr: float = 0.1,
    milestones: Sequence[int] = (80, 160),
    batch_size: int = 128,
    momentum: float = 0.9,
    weight_decay: float = 1e-4,
    decay_bias: bool = True,
    seed: int = 0,
) -> LinearProbe:
    """Train a linear classifier on precomputed h of patches.

    The loss of a clip is the cross entropy, or the sum over the classes of the binary cross
    entropies: the sum, not their mean, so that a class learns at the same rate however many there
    are. Weights start at zero, as the problem is convex, so a standardised feature that never
    varies stays without weight.

    Args:
        h: embeddings of all training patches.
        clips: which clip each patch was cut from, counted from 0.
        labels: class of each clip, in 0..n_classes - 1, or 1 where the clip has the class and 0
            where not.
        n_classes: number of classes.
        validation: (h, clips, labels) to choose the epoch by: the first with the best
            `metrics.score` over clips. Without it the last epoch stays.
        standardise: whether features are first standardised by the mean and standard deviation of
            the training patches, so that representations of different scale (an encoder's h,
            log-mel statistics) can share one learning rate. The paper takes h as it comes.
        n_epochs: passes over the clips.
        lr: learning rate at the start.
        milestones: epochs after which the learning rate falls to a tenth.
        batch_size: clips a step; the last step of an epoch takes what is left.
        momentum: of the gradient.
        weight_decay: of the weights.
        decay_bias: whether the bias decays as they do, as in the paper; where the decay is strong,
            it would draw rare classes and frequent ones together.
        seed: of the order of clips and the choice of patches.

    Shape:
        h: [patches, dim]; clips: [patches]; labels: [clips] or [clips, classes].

    Raises:
        ValueError: a clip has no patches.
    """
    mean, std = _mean_and_std(h) if standardise else (torch.zeros_like(h[0]), torch.ones_like(h[0]))
    is_multi_label = labels.ndim == 2
    targets = (labels if is_multi_label else one_hot(labels, n_classes)).to(h.dtype)
    ones = h.new_ones(len(labels), 1)
    # The bias is the last row of theta, the weight of a feature that is always one.
    theta = h.new_zeros(h.shape[1] + 1, n_classes)
    decay = torch.full((len(theta), 1), weight_decay).to(theta)
    decay[-1] *= decay_bias
    velocity = torch.zeros_like(theta)
    generator = torch.Generator().manual_seed(seed)
    draw_patches = _patch_draws(clips.cpu(), len(labels), generator)
    best = LinearProbe(*_unstandardised(theta, mean, std), 0, is_multi_label)
    best_score = -1.0

    for epoch in range(1, n_epochs + 1):
        epoch_lr = lr * 0.1 ** sum(epoch > milestone for milestone in milestones)
        order = torch.randperm(len(labels), generator=generator)
        patches = next(draw_patches)[order].to(h.device)
        x = torch.cat([(h[patches] - mean) / std, ones], dim=1)
        y = targets[order.to(h.device)]
        for start in range(0, len(x), batch_size):
            x_batch, y_batch = x[start : start + batch_size], y[start : start + batch_size]
            # The gradient of both losses in closed form: a fraction of what autograd takes for it.
            error = (_probabilities(x_batch @ theta, is_multi_label) - y_batch) / len(x_batch)
            gradient = torch.addmm(decay * theta, x_batch.T, error)
            velocity.mul_(momentum).add_(gradient)
            theta.sub_(velocity, alpha=epoch_lr)
        probe = LinearProbe(*_unstandardised(theta, mean, std), epoch, is_multi_label)
        # With no clips to choose by, the later epoch counts as the better one.
        score = epoch if validation is None else _validation_score(probe, *validation)
        if score > best_score:
            best, best_score = probe, score
    return best


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


def _mean_and_std(h: Tensor) -> tuple[Tensor, Tensor]:
    std, mean = torch.std_mean(h, dim=0, correction=0)
    # Rounding leaves a feature that never varies with a tiny deviation, not to be divided by.
    constant = std <= 1e-6 * mean.abs()
    return mean, std.masked_fill(constant, 1.0)


def _probabilities(logits: Tensor, is_multi_label: bool) -> Tensor:
    return logits.sigmoid() if is_multi_label else logits.softmax(dim=1)


def _unstandardised(theta: Tensor, mean: Tensor, std: Tensor) -> tuple[Tensor, Tensor]:
    """Weight and bias of the same classifier for features that are not standardised."""
    weight = theta[:-1] / std[:, None]
    return weight, theta[-1] - mean @ weight


def _validation_score(probe: LinearProbe, h: Tensor, clips: Tensor, labels: Tensor) -> float:
    scores = clip_scores(probe.probabilities(h).cpu().numpy(), clips.cpu().numpy())
    return metrics.score(labels.cpu().numpy(), scores)
