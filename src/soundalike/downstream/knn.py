"""Classify clips by the nearest training windows; nothing is fitted."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from soundalike.datasets.splits import Split
from soundalike.downstream.features import Features
from soundalike.evaluation.knn import default_k, knn_scores
from soundalike.runtime.hardware import best_device, has_fast_bf16


@dataclass(frozen=True)
class NearestNeighbors:
    """The labeled windows that vote.

    Args:
        train: their features.
    """

    train: Features

    def scores(self, features: Features) -> NDArray[np.floating]:
        """Return the votes for each class, [clips, classes]: mean over a clip's windows."""
        train = self.train
        n_classes = train.labels.n_classes
        k = default_k(len(train.clips), n_classes)
        window_labels = torch.from_numpy(train.labels.values)[train.clips]
        new_clips = features.clips + len(train.labels)  # none of them is a training clip
        device = best_device()
        scores = knn_scores(
            features.vectors.to(device),
            new_clips.to(device),
            train.vectors.to(device),
            train.clips.to(device),
            window_labels.to(device),
            n_classes,
            k,
            bf16_first=has_fast_bf16(device),
        )
        return scores.cpu().numpy()


def fit_knn(features: Features, split: Split, seed: int = 0) -> NearestNeighbors:
    """Keep the training clips of a split; validation clips and the seed are not used."""
    return NearestNeighbors(features.select(split.train))
