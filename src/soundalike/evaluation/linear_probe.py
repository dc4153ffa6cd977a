"""The linear classifier of a linear evaluation."""

from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import one_hot

from soundalike.evaluation.class_probabilities import class_probabilities


@dataclass(frozen=True)
class LinearProbe:
    """A linear classifier of embeddings.

    Args:
        weight: weight of each feature for each class.
        bias: bias of each class.
        is_multi_label: if true, classes can occur together.

    Shape:
        weight: [dim, classes]; bias: [classes].
    """

    weight: Tensor
    bias: Tensor
    is_multi_label: bool

    def probabilities(self, h: Tensor) -> Tensor:
        """Return class probabilities of windows: [windows, dim] -> [windows, classes]."""
        return class_probabilities(h @ self.weight + self.bias, self.is_multi_label)


def one_hot_labels(labels: Tensor, n_classes: int) -> Tensor:
    """Return either kind of labels as 0 or 1: [clips] or [clips, classes] -> [clips, classes]."""
    return labels if labels.ndim == 2 else one_hot(labels, n_classes)
