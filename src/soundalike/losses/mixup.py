"""Mixup: train on mixtures of two clips, and on their labels in the same shares."""

import numpy as np
import torch
from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.classification_loss import ClassificationLoss
from soundalike.losses.cross_entropy import cross_entropies


class Mixup(ClassificationLoss):
    """Cross entropy of mixtures of two clips to both of their labels.

    The input is share * one clip + (1 - share) * another, and so is the loss. The share is drawn
    for each batch from Beta(alpha, alpha). The training mixes log-mel patches, or embeddings where
    the encoder is frozen. Mixtures cannot be memorized one by one.

    Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization": alpha = 1 on CIFAR-10, and 8 to
    32 with wrong labels; on FSDnoisy18k: Fonseca et al. 2019, "Model-Agnostic Approaches to
    Handling Noisy Labels When Training Sound Event Classifiers".

    Args:
        alpha: above 0; higher values mix more evenly, and resist wrong labels more.

    Shape:
        logits: [batch, classes]; batch.labels, batch.other_labels: [batch] int64; batch.shares:
        [batch]; result: scalar, float32.

    Raises:
        ValueError: ``alpha`` is not above 0 or not finite, or clips have several labels.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        if not 0 < alpha < float("inf"):
            raise ValueError(f"Mixup needs a finite alpha above 0, got {alpha}.")
        self.alpha = alpha

    def draw_shares(self, n_clips: int, generator: torch.Generator) -> Tensor:
        """Draw one share for all clips of a batch."""
        seed = int(torch.randint(2**31, (1,), generator=generator))
        share = np.random.default_rng(seed).beta(self.alpha, self.alpha)
        return torch.full((n_clips,), share, dtype=torch.float32)

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the mean loss over the batch; clips that are not mixed have their own label."""
        losses = cross_entropies(logits, batch)
        if batch.shares is not None:
            others = cross_entropies(logits, Batch(labels=batch.other_labels))
            losses = batch.shares * losses + (1 - batch.shares) * others
        return batch.mean(losses)
