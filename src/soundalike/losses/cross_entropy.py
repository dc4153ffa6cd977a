"""Cross entropy: of one class a clip, or of each class for itself."""

import torch.nn.functional as F
from torch import Tensor, nn


class CrossEntropy(nn.Module):
    """Say how surprising the labels are to the predicted class probabilities.

    Label smoothing (Szegedy et al. 2016; on FSDnoisy18k: Fonseca et al. 2019, "Model-Agnostic
    Approaches to Handling Noisy Labels When Training Sound Event Classifiers") asks for a little of
    every class, so that a wrong label is not learned to the letter.

    Args:
        label_smoothing: share of the target that is spread evenly over all classes.

    Shape:
        logits: [batch, classes]; labels: [batch] int64; result: scalar, float32.

    Raises:
        ValueError: ``label_smoothing`` is not in [0, 1), or a clip has several labels.

    >>> round(CrossEntropy()(Tensor([[0, 0, 0, 0]]), Tensor([2]).long(), 0.0).item(), 4)  # log 4
    1.3863
    """

    def __init__(self, label_smoothing: float = 0.0) -> None:
        super().__init__()
        if not 0 <= label_smoothing < 1:
            raise ValueError(
                f"CrossEntropy needs a label_smoothing in [0, 1), got {label_smoothing}."
            )
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, labels: Tensor, progress: float) -> Tensor:
        """Return the mean loss over the batch."""
        return cross_entropies(logits, labels, self.label_smoothing).mean()


class BinaryCrossEntropy(nn.Module):
    """Decide for each class by itself whether it is there, as a clip of several labels needs.

    The classes of a patch are summed, not averaged: so the gradient of a logit is the predicted
    probability minus the target, as for `CrossEntropy`, and the same learning rates fit.

    Shape:
        logits, labels: [batch, classes], labels of 0 and 1; result: scalar, float32.

    Raises:
        ValueError: the labels do not have the shape of the logits.

    >>> logits, labels = Tensor([[0, 0, 0, 0]]), Tensor([[1, 1, 0, 0]])
    >>> round(BinaryCrossEntropy()(logits, labels, progress=0.0).item(), 4)  # 4 log 2
    2.7726
    """

    def forward(self, logits: Tensor, labels: Tensor, progress: float) -> Tensor:
        """Return the mean loss over the batch."""
        if labels.shape != logits.shape:
            raise ValueError(
                f"binary_cross_entropy needs labels {list(logits.shape)} of 0 and 1, got "
                f"{list(labels.shape)}; clips of one label each need another loss."
            )
        losses = F.binary_cross_entropy_with_logits(
            logits.float(), labels.float(), reduction="none"
        )
        return losses.sum(dim=1).mean()


def cross_entropies(logits: Tensor, labels: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Return the cross entropy of every patch, in float32 whatever the logits are.

    Args:
        logits: of each class, before the softmax.
        labels: class of each patch.
        label_smoothing: share of the target that is spread evenly over all classes.

    Shape:
        logits: [batch, classes]; labels: [batch] int64; result: [batch].

    Raises:
        ValueError: a clip has several labels.
    """
    if labels.ndim != 1:
        raise ValueError(
            f"Labels of one class a clip are needed, [batch], got {list(labels.shape)}; clips of "
            "several labels need the loss binary_cross_entropy."
        )
    return F.cross_entropy(
        logits.float(), labels, reduction="none", label_smoothing=label_smoothing
    )
