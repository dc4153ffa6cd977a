"""Cross entropy: over the classes for one label per clip, or per class for several labels."""

import torch.nn.functional as F
from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.classification_loss import ClassificationLoss


class CrossEntropy(ClassificationLoss):
    """Cross entropy between the labels and the predicted class probabilities.

    Label smoothing (Szegedy et al. 2016; on FSDnoisy18k: Fonseca et al. 2019, "Model-Agnostic
    Approaches to Handling Noisy Labels When Training Sound Event Classifiers") gives every
    class a small share of the target, so that wrong labels are fitted less closely.

    Args:
        label_smoothing: share of the target that is spread evenly over all classes.

    Shape:
        logits: [batch, classes]; batch.labels: [batch] int64; result: scalar, float32.

    Raises:
        ValueError: ``label_smoothing`` is not in [0, 1), or a clip has several labels.

    >>> logits, batch = Tensor([[0, 0, 0, 0]]), Batch(labels=Tensor([2]).long())
    >>> round(CrossEntropy()(logits, batch).item(), 4)  # log 4
    1.3863
    """

    def __init__(self, label_smoothing: float = 0.0) -> None:
        super().__init__()
        if not 0 <= label_smoothing < 1:
            raise ValueError(
                f"CrossEntropy needs a label_smoothing in [0, 1), got {label_smoothing}."
            )
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the mean loss over the batch, by the weights of the clips."""
        return batch.mean(cross_entropies(logits, batch, self.label_smoothing))


class BinaryCrossEntropy(ClassificationLoss):
    """Binary cross entropy of each class, for clips with any number of labels.

    The losses of a patch are summed over the classes, not averaged, so the gradient of a logit is
    the predicted probability minus the target, as for `CrossEntropy`, and the same learning rates
    work.

    Shape:
        logits, batch.labels: [batch, classes], labels of 0 and 1; result: scalar, float32.

    Raises:
        ValueError: the labels do not have the shape of the logits.

    >>> logits, labels = Tensor([[0, 0, 0, 0]]), Tensor([[1, 1, 0, 0]])
    >>> round(BinaryCrossEntropy()(logits, Batch(labels=labels)).item(), 4)  # 4 log 2
    2.7726
    """

    def forward(self, logits: Tensor, batch: Batch) -> Tensor:
        """Return the mean loss over the batch, by the weights of the clips."""
        labels = batch.labels
        if labels is None or labels.shape != logits.shape:
            raise ValueError(
                f"binary_cross_entropy needs labels of shape {list(logits.shape)}, got "
                f"{_shape(labels)}; for one label per clip use another loss."
            )
        losses = F.binary_cross_entropy_with_logits(
            logits.float(), labels.float(), reduction="none"
        )
        return batch.mean(losses.sum(dim=1))


def cross_entropies(logits: Tensor, batch: Batch, label_smoothing: float = 0.0) -> Tensor:
    """Return the cross entropy of every patch, always in float32.

    Args:
        logits: one for each class, before the softmax.
        batch: the labels.
        label_smoothing: share of the target that is spread evenly over all classes.

    Shape:
        logits: [batch, classes]; batch.labels: [batch] int64; result: [batch].

    Raises:
        ValueError: a clip has several labels.
    """
    labels = batch.labels
    if labels is None or labels.ndim != 1:
        raise ValueError(
            f"This loss needs one label per clip, of shape [batch], got {_shape(labels)}; for "
            "several labels per clip use the loss binary_cross_entropy."
        )
    return F.cross_entropy(
        logits.float(), labels, reduction="none", label_smoothing=label_smoothing
    )


def _shape(labels: Tensor | None) -> str:
    return "no labels" if labels is None else f"shape {list(labels.shape)}"
