"""The choice of how the linear classifiers of an evaluation are fitted."""

from collections.abc import Callable

from soundalike.downstream.linear import LinearClassifier, fit_linear
from soundalike.downstream.linear_with_loss import Loss, linear_fit
from soundalike.downstream.soft_labels import fit_soft_labels


def linear_method(
    loss: Loss | None, soft_labels: bool
) -> tuple[Callable[..., LinearClassifier], list[str]]:
    """Return what fits linear classifiers, and a note if it is not logistic regression on labels.

    Args:
        loss: section `loss` of a resolved recipe, for SGD; None for logistic regression.
        soft_labels: If true, and without a loss, it is fitted to soft labels.

    Raises:
        RecipeError: a value of the loss is out of range.
    """
    if loss:
        return linear_fit(loss), [f"linear classifiers are trained with the loss {loss['name']}"]
    if soft_labels:
        return fit_soft_labels, ["linear classifiers are fitted to soft labels"]
    return fit_linear, []
