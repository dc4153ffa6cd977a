"""A detector of one label, learned from a few labeled windows and many without a label.

Logistic regression on vectors of length 1. Windows without a label count as weak negatives: most of
them lack the label, and at a tenth of a label's weight, those that have it do little harm. So one
example is enough to begin with.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from soundalike.evaluation.logistic_regression import (
    TrainingWindows,
    regularization_path,
    training_windows,
)
from soundalike.labeling.labeled_windows import YES, LabeledWindows

PRECISION = 1 / 30  # inverse variance of the prior of the weights
UNLABELED_WEIGHT = 0.1  # of a window without a label; one with a label weighs 1
# Of more windows without a label, this many train, picked at random. They weigh no more than that
# together: the labels would be outweighed by a large archive.
MOST_UNLABELED = 2048


@dataclass(frozen=True)
class Detector:
    """A linear detector of vectors of length 1.

    Args:
        weight: of each feature.
        bias: added to the sum.

    Shape:
        weight: [dim].
    """

    weight: NDArray[np.float32]
    bias: float

    def scores(
        self, vectors: NDArray[np.float32], lengths: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return the score of each window, from 0 to 1.

        Args:
            vectors: of the windows, of any length.
            lengths: of the vectors.

        Shape:
            vectors: [windows, dim]; lengths, result: [windows].
        """
        logits = (vectors @ self.weight) / np.maximum(lengths, 1e-12) + np.float32(self.bias)
        return (1 / (1 + np.exp(-logits))).astype(np.float32)


def training_set(
    vectors: NDArray[np.float32], labeled: LabeledWindows, seed: int = 0
) -> tuple[TrainingWindows, NDArray[np.int64]]:
    """Return the windows that a detector is trained on, and their positions.

    The arguments are those of `fit_detector`.
    """
    training = np.flatnonzero(labeled.is_training)
    unlabeled = np.flatnonzero(~labeled.is_training & ~labeled.is_near)
    if len(unlabeled) > MOST_UNLABELED:
        unlabeled = np.random.default_rng(seed).choice(unlabeled, MOST_UNLABELED, replace=False)
    windows = np.sort(np.concatenate([training, unlabeled]))
    h = torch.nn.functional.normalize(torch.from_numpy(vectors[windows]), dim=1)
    is_labeled = labeled.is_training[windows]
    has_label = torch.from_numpy(is_labeled & (labeled.known[windows] == YES))[:, None]
    weights = np.where(is_labeled, 1.0, UNLABELED_WEIGHT)
    train = training_windows(
        h, torch.arange(len(h)), has_label,
        is_multi_label=True, standardize=False, clip_weights=torch.from_numpy(weights),
    )  # fmt: skip
    return train, windows


def fit_detector(vectors: NDArray[np.float32], labeled: LabeledWindows, seed: int = 0) -> Detector:
    """Learn a detector from the labels of some windows, of which one at least has the label.

    Args:
        vectors: of the windows, of any length.
        labeled: what is known of the windows.
        seed: random seed of the choice among many windows without a label.

    Shape:
        vectors: [windows, dim].
    """
    return detector_of(training_set(vectors, labeled, seed)[0])


def detector_of(train: TrainingWindows) -> Detector:
    """Learn a detector from what `training_set` returns."""
    ((_, theta),) = regularization_path(train, [PRECISION])
    probe = train.probe(theta)
    return Detector(probe.weight[:, 0].numpy(), float(probe.bias[0]))
