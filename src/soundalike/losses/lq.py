"""The Lq loss, between cross entropy and the mean absolute error."""

import torch
from torch import Tensor, nn

from soundalike.losses.cross_entropy import cross_entropies


class Lq(nn.Module):
    """Generalized cross entropy: (1 - p^q) / q of the probability p of the label (Lq).

    Its gradient is that of cross entropy times p^q: what the network believes to be mislabeled
    counts less. Towards q = 0 it is cross entropy, which learns quickly, wrong labels too; at q = 1
    it is half the mean absolute error, which resists wrong labels and learns slowly.

    Zhang and Sabuncu 2018, "Generalized Cross Entropy Loss for Training Deep Neural Networks with
    Noisy Labels"; on FSDnoisy18k: Fonseca et al. 2019, "Learning Sound Event Classifiers from Web
    Audio with Noisy Labels", q = 0.7.

    Args:
        q: in (0, 1].

    Shape:
        logits: [batch, classes]; labels: [batch] int64; result: scalar, float32.

    Raises:
        ValueError: ``q`` is not in (0, 1], or a clip has several labels.

    >>> round(Lq(q=0.5)(torch.zeros(1, 4), torch.tensor([2]), progress=0.0).item(), 4)
    1.0
    """

    def __init__(self, q: float = 0.7) -> None:
        super().__init__()
        if not 0 < q <= 1:
            raise ValueError(f"Lq needs a q in (0, 1], got {q}.")
        self.q = q

    def forward(self, logits: Tensor, labels: Tensor, progress: float) -> Tensor:
        """Return the mean loss over the batch."""
        # From log p, not p: expm1 keeps the digits that 1 - p^q loses where q is small.
        log_p = -cross_entropies(logits, labels)
        return -torch.expm1(self.q * log_p).mean() / self.q
