"""Linear evaluation: a linear classifier of the frozen encoder's h.

The protocol of Fonseca et al. 2021: softmax regression by SGD, one random patch of each clip per
epoch, the best epoch chosen on validation clips. Clips with several labels get one logistic
regression per class. The encoder is frozen, so h is computed once and training runs on arrays.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from soundalike.evaluation import metrics
from soundalike.evaluation.class_probabilities import class_probabilities
from soundalike.evaluation.clip_scores import clip_scores
from soundalike.evaluation.linear_sgd import PAPER_SGD, SGDSettings, train_linear


@dataclass(frozen=True)
class LinearProbe:
    """A linear classifier of h. The weights include the standardization used in training.

    Args:
        weight: weight of each feature for each class.
        bias: bias of each class.
        epoch: epoch that the weights come from, counted from 1.
        is_multi_label: if true, classes can occur together.

    Shape:
        weight: [dim, classes]; bias: [classes].
    """

    weight: Tensor
    bias: Tensor
    epoch: int
    is_multi_label: bool

    def probabilities(self, h: Tensor) -> Tensor:
        """Return class probabilities of patches.

        Args:
            h: embeddings of patches, not standardized.

        Shape:
            h: [patches, dim]; result: [patches, classes].
        """
        return class_probabilities(torch.addmm(self.bias, h, self.weight), self.is_multi_label)


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
        clips: clip of each patch.
        labels: labels of the clips.
        n_classes: number of classes.
        validation: (h, clips, labels) to choose the epoch by: the first epoch with the best
            `metrics.score`. Without it the last epoch is used.
        standardize: if true, standardize features by the mean and standard deviation of the
            training patches, so that one learning rate suits representations of any scale. The
            paper does not.
        weight_decay: weight decay.
        settings: settings of the training.

    Shape:
        h: [patches, dim]; clips: [patches]; labels: [clips] or [clips, classes].

    Raises:
        ValueError: a clip has no patches.
    """
    mean, std = mean_and_std(h) if standardize else (h.new_zeros(1), h.new_ones(1))
    x = (h - mean) / std if standardize else h
    is_multi_label = labels.ndim == 2
    targets = one_hot_labels(labels, n_classes).to(h.dtype)
    best = LinearProbe(
        h.new_zeros(h.shape[1], n_classes), h.new_zeros(n_classes), 0, is_multi_label
    )
    best_score = -1.0
    epochs = train_linear(
        x, clips, targets, torch.tensor([weight_decay]),
        is_multi_label=is_multi_label, settings=settings,
    )  # fmt: skip
    for epoch, theta in enumerate(epochs, start=1):
        # The same classifier for features that are not standardized.
        weight = theta[:-1, 0] / std[:, None]
        bias = theta[-1, 0] - (mean[:, None] * weight).sum(dim=0)
        probe = LinearProbe(weight, bias, epoch, is_multi_label)
        # Without validation clips the epoch is the score, so the last one wins.
        score = epoch if validation is None else _validation_score(probe, *validation)
        if score > best_score:
            best, best_score = probe, score
    return best


def one_hot_labels(labels: Tensor, n_classes: int) -> Tensor:
    """Return either kind of labels as 0 or 1: [clips] or [clips, classes] -> [clips, classes]."""
    return labels if labels.ndim == 2 else one_hot(labels, n_classes)


def mean_and_std(h: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation of each feature: [patches, dim] -> [dim], [dim].

    The standard deviation of a constant feature is set to 1.
    """
    std, mean = torch.std_mean(h, dim=0, correction=0)
    # Rounding leaves a constant feature with a tiny deviation.
    constant = std <= 1e-6 * mean.abs()
    return mean, std.masked_fill(constant, 1.0)


def _validation_score(probe: LinearProbe, h: Tensor, clips: Tensor, labels: Tensor) -> float:
    scores = clip_scores(probe.probabilities(h).cpu().numpy(), clips.cpu().numpy())
    return metrics.score(labels.cpu().numpy(), scores)
