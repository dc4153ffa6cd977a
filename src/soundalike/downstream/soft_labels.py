"""Linear classifiers fitted to the probable true classes of clips whose labels may be wrong.

They are the classes that an audit finds (`soundalike.evaluation.clean_labels`).
"""

import numpy as np
import torch
from numpy.typing import NDArray

from soundalike.datasets.splits import Split
from soundalike.downstream.clip_vectors import clip_vectors
from soundalike.downstream.features import Features
from soundalike.downstream.linear import LinearClassifier, fit_linear
from soundalike.evaluation.clean_label_sets import clean_label_sets
from soundalike.evaluation.clean_labels import clean_label_posterior

SMALLEST_WEIGHT = 1e-3  # of a clip that is probably none of the classes


def fit_soft_labels(features: Features, split: Split, seed: int = 0) -> LinearClassifier:
    """Fit logistic regression to soft labels, with the prior that `fit_linear` chooses.

    A soft label is the probability of each class, the sound and the label of the clip known. Clips
    that are probably none of the classes count less. Verified labels are taken for right.
    Validation clips are not used.

    Args:
        features: of all clips.
        split: which clips train.
        seed: random seed of the folds.
    """
    probabilities, weights = soft_labels(features.select(split.train), seed)
    return fit_linear(
        features, split, seed,
        targets=torch.from_numpy(probabilities).float(),
        clip_weights=torch.from_numpy(weights).float(),
    )  # fmt: skip


def soft_labels(
    features: Features, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the probability of each class of labeled clips, and how much each clip counts.

    Shape:
        result: [clips, classes] and [clips].
    """
    vectors, labels = clip_vectors(features), features.labels
    if labels.is_multi_label:
        sets = clean_label_sets(
            vectors.vectors, labels.values, features.recordings,
            is_verified=labels.is_verified, seed=seed,
        )  # fmt: skip
        return sets.posterior, np.ones(len(labels))
    clean = clean_label_posterior(
        vectors.vectors, labels.values, features.recordings,
        n_classes=labels.n_classes, background=vectors.background,
        is_verified=labels.is_verified, seed=seed,
    )  # fmt: skip
    weights = np.maximum(1 - clean.p_outside, SMALLEST_WEIGHT)
    inside = clean.posterior.sum(axis=1, keepdims=True)
    return clean.posterior / np.maximum(inside, 1e-12), weights
