"""Logits to probabilities."""

from torch import Tensor


def class_probabilities(logits: Tensor, is_multi_label: bool) -> Tensor:
    """Return class probabilities: softmax for one label per clip, sigmoid for several.

    With a softmax the probabilities of a row sum to one. With sigmoids the probabilities of the
    classes are independent.

    Args:
        logits: outputs of a classifier.
        is_multi_label: if true, classes can occur together.

    Shape:
        logits, result: [..., classes].
    """
    return logits.sigmoid() if is_multi_label else logits.softmax(dim=-1)
