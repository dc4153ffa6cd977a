"""Hard bootstrapping: targets that mix the label with the class that the network predicts."""

import torch.nn.functional as F
from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.classification_loss import ClassificationLoss
from soundalike.losses.cross_entropy import cross_entropies


class HardBootstrapping(ClassificationLoss):
    """Cross entropy to a mixture of the label and the class that the network predicts.

    The target is beta * label + (1 - beta) * most probable class. No gradient flows through the
    target.

    Reed et al. 2015, "Training Deep Neural Networks on Noisy Labels with Bootstrapping", beta =
    0.8.

    Args:
        beta: share of the label in the target, in [0, 1]; 1 is plain cross entropy.

    Shape:
        logits: [batch, classes]; batch.labels: [batch] int64; result: scalar, float32.

    Raises:
        ValueError: ``beta`` is not in [0, 1], or clips have several labels.
    """

    def __init__(self, beta: float = 0.8) -> None:
        super().__init__()
        if not 0 <= beta <= 1:
            raise ValueError(f"HardBootstrapping needs a beta in [0, 1], got {beta}.")
        self.beta = beta

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the mean loss over the batch, by the weights of the clips."""
        of_labels = cross_entropies(logits, batch)
        of_predictions = F.cross_entropy(logits.float(), logits.argmax(dim=1), reduction="none")
        return batch.mean(self.beta * of_labels + (1 - self.beta) * of_predictions)
