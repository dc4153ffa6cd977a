"""Soft bootstrapping: targets that mix the label with the network's own prediction."""

from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.classification_loss import ClassificationLoss
from soundalike.losses.cross_entropy import cross_entropies


class SoftBootstrapping(ClassificationLoss):
    """Cross entropy to a mixture of the label and the network's own prediction.

    The target is beta * label + (1 - beta) * predicted probabilities. The cross entropy of a
    prediction with itself is its entropy, so the loss is beta * cross entropy + (1 - beta) *
    entropy: a confident network is penalized less for contradicting a label. The gradient flows
    through the target too.

    Reed et al. 2015, "Training Deep Neural Networks on Noisy Labels with Bootstrapping", beta =
    0.95; on FSDnoisy18k: Fonseca et al. 2019, "Learning Sound Event Classifiers from Web Audio with
    Noisy Labels", beta = 0.3.

    Args:
        beta: share of the label in the target, in [0, 1]; 1 is plain cross entropy.

    Shape:
        logits: [batch, classes]; batch.labels: [batch] int64; result: scalar, float32.

    Raises:
        ValueError: ``beta`` is not in [0, 1], or clips have several labels.
    """

    def __init__(self, beta: float = 0.95) -> None:
        super().__init__()
        if not 0 <= beta <= 1:
            raise ValueError(f"SoftBootstrapping needs a beta in [0, 1], got {beta}.")
        self.beta = beta

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the mean loss over the batch, by the weights of the clips."""
        log_p = logits.float().log_softmax(dim=1)
        entropies = -(log_p.exp() * log_p).sum(dim=1)
        losses = self.beta * cross_entropies(logits, batch) + (1 - self.beta) * entropies
        return batch.mean(losses)
