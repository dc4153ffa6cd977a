"""Logistic regression on soft labels, out of fold: each clip by classifiers without it.

A soft label is a probability of each class.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundalike.evaluation.folds import held_out_clips
from soundalike.evaluation.logistic_regression import (
    TrainingWindows,
    regularization_path,
    training_windows,
)

LOGITS_AT_ONCE = 2**25  # 128 MB of float32: of more, classifiers are fitted one after the other


@dataclass
class SoftLabelRegression:
    """Vectors of clips, ready to be fitted to soft labels.

    Each fit starts at the one before: similar soft labels take few steps.

    Args:
        train: the clips, then the background; their targets are replaced.
        held_out: which clips each classifier is not trained on, and scores.
        precision: inverse variance of the prior of the weights.
        starts: weights of the last fit, by the first of the classifiers that they are of.

    Shape:
        held_out: [classifiers, clips].
    """

    train: TrainingWindows
    held_out: NDArray[np.bool_]
    precision: float
    starts: dict[int, Tensor] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        vectors: NDArray[np.float32],
        fold: NDArray[np.int64],
        n_classes: int,
        precision: float,
        *,
        background: NDArray[np.float32] | None = None,
        is_multi_label: bool = False,
    ) -> "SoftLabelRegression":
        """Rotate vectors to their principal axes.

        Args:
            vectors: of the clips.
            fold: fold of each clip, counted from 0; -1: trained on in all, and not scored. Where
                clips are in folds several times, their logits are averaged.
            n_classes: number of classes.
            precision: inverse variance of the prior of the weights.
            background: vectors of sounds of none of the classes, which are then a further class.
                Together they count as much as the clips of an average class.
            is_multi_label: If true, classes can occur together.

        Shape:
            vectors: [clips, dim]; fold: [clips] or [partitions, clips]; background: [sounds, dim].
        """
        x, weights = torch.from_numpy(vectors), torch.ones(len(vectors))
        n_true = n_classes
        if background is not None:
            n_true += 1
            x = torch.cat([x, torch.from_numpy(background)])
            weight = len(vectors) / n_classes / len(background)
            weights = torch.cat([weights, torch.full((len(background),), weight)])
        train = training_windows(
            x, torch.arange(len(x)), torch.zeros(len(x), n_true),
            is_multi_label=is_multi_label, standardize=False, clip_weights=weights,
        )  # fmt: skip
        return cls(train, held_out_clips(fold), precision)

    def log_probabilities(self, soft_labels: NDArray[np.floating]) -> NDArray[np.float64]:
        """Fit to soft labels; return the log-probabilities of each clip, out of fold.

        Clips in no fold get the same for each class. If classes can occur together, the results are
        log-odds.

        Shape:
            soft_labels, result: [clips, true classes].
        """
        n_clips, n_true = soft_labels.shape
        outside = torch.zeros(len(self.train.targets) - n_clips, n_true)
        outside[:, -1] = 1
        targets = torch.cat([torch.from_numpy(soft_labels).float(), outside])
        train = replace(self.train, targets=targets)
        held_out = torch.from_numpy(self.held_out)
        logits = torch.zeros(n_clips, n_true)
        n_at_once = max(1, LOGITS_AT_ONCE // targets.numel())
        for first in range(0, len(held_out), n_at_once):
            some = held_out[first : first + n_at_once]
            in_training = torch.ones(len(targets), len(some), dtype=torch.bool)
            in_training[:n_clips] = ~some.T
            start = self.starts.get(first)
            ((_, theta),) = regularization_path(train, [self.precision], in_training, start)
            self.starts[first] = theta.detach()
            for clips, weights in zip(some, theta.detach().unbind(dim=1), strict=True):
                logits[clips] += self.train.x[:n_clips][clips] @ weights
        logits /= held_out.sum(dim=0)[:, None].clamp(min=1)
        if self.train.is_multi_label:
            return logits.double().numpy()
        return logits.double().log_softmax(dim=1).numpy()
