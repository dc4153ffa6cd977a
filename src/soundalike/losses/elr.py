"""Early-learning regularization: do not forget what was predicted early."""

import torch
from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.classification_loss import ClassificationLoss
from soundalike.losses.cross_entropy import cross_entropies

LOWEST = 1e-4  # probability, as in the published code: the logarithm below stays finite


class ELR(ClassificationLoss):
    """Cross entropy + strength * log(1 - <p, t>), with a memory t of each clip's predictions.

    t is a moving average of the probabilities p that were predicted for the clip. A network fits
    correct labels before wrong ones. Where the early predictions contradict a label, the gradient
    of the second term cancels that of the cross entropy. The loss can be negative.

    Liu et al. 2020, "Early-Learning Regularization Prevents Memorization of Noisy Labels": momentum
    = 0.7, strength = 3 on CIFAR-10 with symmetric noise; 0.9 and 7 on CIFAR-100.

    Args:
        momentum: weight of the old memory in its moving average, in [0, 1).
        strength: weight of the regularization; 0 is plain cross entropy.

    Shape:
        logits: [batch, classes]; batch.labels, batch.clips: [batch] int64; result: scalar, float32.

    Raises:
        ValueError: ``momentum`` is not in [0, 1), ``strength`` is negative or infinite, the batch
            does not say which clips it holds, or clips have several labels.
    """

    memory: Tensor

    def __init__(self, momentum: float = 0.7, strength: float = 3.0) -> None:
        super().__init__()
        if not (0 <= momentum < 1 and 0 <= strength < float("inf")):
            raise ValueError(
                "ELR needs a momentum in [0, 1) and a finite strength of at least 0, got "
                f"{momentum} and {strength}."
            )
        self.momentum = momentum
        self.strength = strength
        self.prepare(0, 0)

    def prepare(self, n_clips: int, n_classes: int) -> None:
        """Forget all predictions."""
        self.register_buffer("memory", torch.zeros(n_clips, n_classes))

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the mean loss over the batch, by the weights of the clips."""
        losses = cross_entropies(logits, batch)
        clips = self._remembered(batch)
        p = logits.float().softmax(dim=1).clamp(LOWEST, 1 - LOWEST)
        with torch.no_grad():
            predictions = p / p.sum(dim=1, keepdim=True)
            memory = self.momentum * self.memory[clips] + (1 - self.momentum) * predictions
            self.memory[clips] = memory
        return batch.mean(losses + self.strength * torch.log1p(-(p * memory).sum(dim=1)))
