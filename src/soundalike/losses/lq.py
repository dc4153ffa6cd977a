"""The Lq loss, between cross entropy and the mean absolute error."""

import torch
from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.classification_loss import ClassificationLoss
from soundalike.losses.cross_entropy import cross_entropies


class Lq(ClassificationLoss):
    """Generalized cross entropy: (1 - p^q) / q of the probability p of the label (Lq).

    Its gradient is that of cross entropy times p^q, so clips that the network considers mislabeled
    count less. As q approaches 0 it becomes cross entropy, which fits quickly, wrong labels
    included; at q = 1 it is half the mean absolute error, which resists wrong labels but fits
    slowly.

    Zhang and Sabuncu 2018, "Generalized Cross Entropy Loss for Training Deep Neural Networks with
    Noisy Labels"; on FSDnoisy18k: Fonseca et al. 2019, "Learning Sound Event Classifiers from Web
    Audio with Noisy Labels", q = 0.7.

    Args:
        q: in (0, 1]; higher values resist wrong labels more.

    Shape:
        logits: [batch, classes]; batch.labels: [batch] int64; result: scalar, float32.

    Raises:
        ValueError: ``q`` is not in (0, 1], or clips have several labels.

    >>> round(Lq(q=0.5)(torch.zeros(1, 4), Batch(labels=torch.tensor([2]))).item(), 4)
    1.0
    """

    def __init__(self, q: float = 0.7) -> None:
        super().__init__()
        if not 0 < q <= 1:
            raise ValueError(f"Lq needs a q in (0, 1], got {q}.")
        self.q = q

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the mean loss over the batch, by the weights of the clips."""
        # From log p instead of p: for small q, expm1 keeps the digits that 1 - p^q loses.
        log_p = -cross_entropies(logits, batch)
        return batch.mean(-torch.expm1(self.q * log_p)) / self.q
