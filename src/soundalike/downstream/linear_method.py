"""Linear classifiers that tolerate wrong labels: which one is fitted, and what is said about it."""

from collections.abc import Callable

from soundalike.downstream.linear import LinearClassifier
from soundalike.downstream.linear_with_loss import Loss, linear_fit
from soundalike.downstream.soft_labels import fit_soft_labels


def tolerant_method(loss: Loss | None) -> tuple[Callable[..., LinearClassifier], list[str]]:
    """Return what fits linear classifiers in place of `fit_linear`, and a note that says so.

    Args:
        loss: section `loss` of a resolved recipe, for SGD; None for logistic regression on soft
            labels.

    Raises:
        RecipeError: a value of the loss is out of range.
    """
    if loss:
        return linear_fit(loss), [f"linear classifiers are trained with the loss {loss['name']}"]
    return fit_soft_labels, ["linear classifiers are fitted to soft labels"]
