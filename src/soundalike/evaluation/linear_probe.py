"""Linear evaluation: how well do straight cuts through a frozen encoder's h separate the classes?

The protocol of Fonseca et al. 2021: softmax regression by stochastic gradient settings, one random
patch of each clip an epoch, the best epoch chosen on validation clips. Clips with several labels
get a logistic regression for each class instead. The encoder is frozen, so h is computed once and
the whole training runs on arrays.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from soundalike.evaluation import metrics
from soundalike.evaluation.clip_scores import clip_scores
from soundalike.evaluation.linear_descent import PAPER_SGD, SGDSettings, descend, probabilities


@dataclass(frozen=True)
class LinearProbe:
    """A linear classifier of h; the standardization it was trained with is folded into it.

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
        return probabilities(torch.addmm(self.bias, h, self.weight), self.is_multi_label)


def fit_linear_probe(
    h: Tensor,
    clips: Tensor,
    labels: Tensor,
    n_classes: int,
    validation: tuple[Tensor, Tensor, Tensor] | None = None,
    *,
    standardize: bool = True,
    weight_decay: float = 1e-4,
    settings: SGDSettings = PAPER_SGD,
) -> LinearProbe:
    """Train a linear classifier on precomputed h of patches.

    Args:
        h: embeddings of all training patches.
        clips: which clip each patch was cut from, counted from 0.
        labels: class of each clip, in 0..n_classes - 1, or 1 where the clip has the class and 0
            where not.
        n_classes: number of classes.
        validation: (h, clips, labels) to choose the epoch by: the first with the best
            `metrics.score` over clips. Without it the last epoch stays.
        standardize: whether features are first standardized by the mean and standard deviation of
            the training patches, so that representations of different scale (an encoder's h,
            log-mel statistics) can share one learning rate. The paper takes h as it comes.
        weight_decay: of the weights.
        settings: how they are learned.

    Shape:
        h: [patches, dim]; clips: [patches]; labels: [clips] or [clips, classes].

    Raises:
        ValueError: a clip has no patches.
    """
    mean, std = mean_and_std(h) if standardize else (h.new_zeros(1), h.new_ones(1))
    x = (h - mean) / std if standardize else h
    is_multi_label = labels.ndim == 2
    targets = as_targets(labels, n_classes).to(h.dtype)
    weight_decays = torch.tensor([weight_decay])
    best = LinearProbe(
        h.new_zeros(h.shape[1], n_classes), h.new_zeros(n_classes), 0, is_multi_label
    )
    best_score = -1.0
    thetas = descend(settings, x, clips, targets, is_multi_label, weight_decays)
    for epoch, theta in enumerate(thetas, start=1):
        # The same classifier for features that are not standardized.
        weight = theta[:-1, 0] / std[:, None]
        bias = theta[-1, 0] - (mean[:, None] * weight).sum(dim=0)
        probe = LinearProbe(weight, bias, epoch, is_multi_label)
        # With no clips to choose by, the later epoch counts as the better one.
        score = epoch if validation is None else _validation_score(probe, *validation)
        if score > best_score:
            best, best_score = probe, score
    return best


def as_targets(labels: Tensor, n_classes: int) -> Tensor:
    """1 where a clip has the class and 0 where not, from either kind of labels."""
    return labels if labels.ndim == 2 else one_hot(labels, n_classes)


def mean_and_std(h: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each feature, to standardize it by."""
    std, mean = torch.std_mean(h, dim=0, correction=0)
    # Rounding leaves a feature that never varies with a tiny deviation, not to be divided by.
    constant = std <= 1e-6 * mean.abs()
    return mean, std.masked_fill(constant, 1.0)


def _validation_score(probe: LinearProbe, h: Tensor, clips: Tensor, labels: Tensor) -> float:
    scores = clip_scores(probe.probabilities(h).cpu().numpy(), clips.cpu().numpy())
    return metrics.score(labels.cpu().numpy(), scores)
