"""Label smoothing: every class gets a small share of the target."""

from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.classification_loss import ClassificationLoss
from soundalike.losses.cross_entropy import cross_entropies


class LabelSmoothing(ClassificationLoss):
    """Cross entropy to a target of which every class has a share, so that no label is certain.

    Szegedy et al. 2016, "Rethinking the Inception Architecture for Computer Vision", share = 0.1;
    on FSDnoisy18k: Fonseca et al. 2019, "Model-Agnostic Approaches to Handling Noisy Labels When
    Training Sound Event Classifiers".

    Args:
        share: share of the target that is spread evenly over all classes, in [0, 1); higher values
            fit the labels less closely.

    Shape:
        logits: [batch, classes]; batch.labels: [batch] int64; result: scalar, float32.

    Raises:
        ValueError: ``share`` is not in [0, 1), or clips have several labels.
    """

    def __init__(self, share: float = 0.1) -> None:
        super().__init__()
        if not 0 <= share < 1:
            raise ValueError(f"LabelSmoothing needs a share in [0, 1), got {share}.")
        self.share = share

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the mean loss over the batch, by the weights of the clips."""
        return batch.mean(cross_entropies(logits, batch, self.share))
