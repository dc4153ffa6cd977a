"""Classify clips by the nearest training windows; nothing is fitted to labels.

Log-mel statistics, random networks and trained ones differ in how unevenly their features vary, and
the largest variances dominate a cosine. So that representations are compared and not their scales,
all of them are standardized and whitened by the training windows. Embeddings that the model has
whitened already are no exception.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from soundalike.datasets.splits import Split
from soundalike.downstream.features import Features
from soundalike.embedding.whitening import Whitening
from soundalike.evaluation.knn import default_k, knn_scores
from soundalike.runtime.hardware import best_device, has_fast_bf16

MOST_WINDOWS = 4096  # that the whitening is fitted to, spread evenly over all


@dataclass(frozen=True)
class NearestNeighbors:
    """The labeled windows that vote.

    Args:
        train: their whitened features.
        whitening: fitted to them, and applied to the clips to classify.
    """

    train: Features
    whitening: Whitening

    def scores(self, features: Features) -> NDArray[np.floating]:
        """Return the votes for each class, [clips, classes]: mean over a clip's windows."""
        train = self.train
        n_classes = train.labels.n_classes
        k = default_k(len(train.clips), n_classes)
        window_labels = torch.from_numpy(train.labels.values)[train.clips]
        new_clips = features.clips + len(train.labels)  # none of them is a training clip
        device = best_device()
        scores = knn_scores(
            self.whitening(features.vectors).to(device),
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
    """Whiten the training clips of a split; validation clips and the seed are not used."""
    train = features.select(split.train)
    n_windows, dim = train.vectors.shape
    sample = np.linspace(0, n_windows - 1, min(n_windows, MOST_WINDOWS)).astype(np.int64)
    n_components = max(1, min(len(sample) - 1, dim))  # n windows differ in n - 1 directions
    whitening = Whitening.of(train.vectors[sample], n_components, standardize=True)
    return NearestNeighbors(replace(train, vectors=whitening(train.vectors)), whitening)
