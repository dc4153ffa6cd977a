"""Symmetric cross entropy: the usual one, and the one with prediction and label exchanged."""

import torch
from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.classification_loss import ClassificationLoss
from soundalike.losses.cross_entropy import cross_entropies


class SymmetricCrossEntropy(ClassificationLoss):
    """alpha * cross entropy + beta * reverse cross entropy (SCE).

    The reverse cross entropy takes the prediction as the target: minus the sum over the classes of
    p * log(label). The logarithm of zero is defined as `log_zero`, so it equals -log_zero * (1 - p)
    of the probability p of the label. Like the mean absolute error it is bounded, and a wrong
    label pulls less.

    Wang et al. 2019, "Symmetric Cross Entropy for Robust Learning with Noisy Labels": alpha = 0.1,
    beta = 1 on CIFAR-10; alpha = 6, beta = 0.1 on CIFAR-100; log_zero = -4.

    Args:
        alpha: weight of the cross entropy; higher values fit faster, wrong labels included.
        beta: weight of the reverse cross entropy.
        log_zero: logarithm of the probability zero, below 0.

    Shape:
        logits: [batch, classes]; batch.labels: [batch] int64; result: scalar, float32.

    Raises:
        ValueError: a weight is negative, ``log_zero`` is not below 0, or clips have several labels.
    """

    def __init__(self, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0) -> None:
        super().__init__()
        if not (alpha >= 0 and beta >= 0 and log_zero < 0):
            raise ValueError(
                "SymmetricCrossEntropy needs an alpha and a beta of at least 0 and a log_zero "
                f"below 0, got {alpha}, {beta} and {log_zero}."
            )
        self.alpha = alpha
        self.beta = beta
        self.log_zero = log_zero

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the mean loss over the batch, by the weights of the clips."""
        losses = cross_entropies(logits, batch)
        reverse = self.log_zero * torch.expm1(-losses)  # -log_zero * (1 - p)
        return batch.mean(self.alpha * losses + self.beta * reverse)
