"""Loss pruning: ignore the patches with the largest losses, which are often mislabeled."""

from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.classification_loss import ClassificationLoss
from soundalike.losses.cross_entropy import cross_entropies


class LossPruning(ClassificationLoss):
    """Cross entropy that ignores the largest losses of each batch after the first epochs.

    A network fits what labels have in common before it fits single wrong labels (Arpit et al.
    2017), so after some epochs a large loss suggests a wrong label.

    Fonseca et al. 2019, "Model-Agnostic Approaches to Handling Noisy Labels When Training Sound
    Event Classifiers", from epoch 25 of 100. They drop losses above a share of the batch's largest
    loss; here a fixed share of the patches is dropped, which does not depend on one outlier.

    Args:
        share: share of the patches of a batch that are dropped; their number is rounded down.
        start: share of the training, in [0, 1], during which nothing is dropped yet.

    Shape:
        logits: [batch, classes]; batch.labels: [batch] int64; result: scalar, float32.

    Raises:
        ValueError: ``share`` is not in [0, 1), ``start`` not in [0, 1], or clips have
            several labels.
    """

    def __init__(self, share: float = 0.1, start: float = 0.25) -> None:
        super().__init__()
        if not 0 <= share < 1:
            raise ValueError(f"LossPruning needs a share in [0, 1), got {share}.")
        if not 0 <= start <= 1:
            raise ValueError(f"LossPruning needs a start in [0, 1], got {start}.")
        self.share = share
        self.start = start

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the mean loss over the patches that are not dropped."""
        losses = cross_entropies(logits, batch)
        if batch.progress < self.start:
            return batch.mean(losses)
        n_dropped = int(self.share * len(losses))
        smallest = losses.topk(len(losses) - n_dropped, largest=False)
        return batch.select(smallest.indices).mean(smallest.values)
