"""The number that counts on a set, and accuracies of predicted classes.

The classes of sound-event sets differ in size by factors. Balanced accuracy (Fonseca et al. 2021)
weighs every class the same, whatever its number of clips, so that predicting the largest class does
not pay. So does mAP, where clips have several labels.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from soundalike.evaluation.average_precision import mean_average_precision


def metric_name(labels: ArrayLike) -> str:
    """Return the name of what `score` measures: "balanced accuracy", or "mAP" for several labels.

    >>> metric_name([0, 2, 1]), metric_name([[1, 0], [1, 1]])
    ('balanced accuracy', 'mAP')
    """
    return "mAP" if np.ndim(labels) == 2 else "balanced accuracy"


def score(labels: ArrayLike, scores: ArrayLike) -> float:
    """Score clips by the metric of their kind of labels, from 0 to 1.

    The mAP where clips have several labels; otherwise the balanced accuracy of the class with the
    highest score, the lower class of equal ones.

    Args:
        labels: class of each clip, or 1 where the clip has the class and 0 where not.
        scores: of each class for each clip, higher where it is the more likely.

    Shape:
        labels: [clips] or [clips, classes]; scores: [clips, classes].

    Raises:
        ValueError: there are no clips, a clip is unlabeled, or the shapes do not match.

    >>> score([0, 1, 1], [[0.6, 0.4], [0.1, 0.9], [0.7, 0.3]])
    0.75
    """
    if metric_name(labels) == "mAP":
        return mean_average_precision(labels, scores)
    return balanced_accuracy(labels, np.argmax(scores, axis=1))


def accuracy(labels: ArrayLike, predictions: ArrayLike) -> float:
    """Share of clips whose class was predicted.

    Args:
        labels: true class of each clip.
        predictions: predicted class of each clip.

    Shape:
        labels, predictions: [clips].

    Raises:
        ValueError: there are no clips, one is unlabeled, or predictions and labels do not match.

    >>> accuracy([0, 0, 0, 1], [0, 0, 0, 0])
    0.75
    """
    labels, predictions = _checked(labels, predictions)
    return float((labels == predictions).mean())


def balanced_accuracy(labels: ArrayLike, predictions: ArrayLike) -> float:
    """Mean over the classes of the share of their clips that were predicted (macro recall).

    Only classes that occur in ``labels`` count: predicting one that does not is just a mistake.

    Args:
        labels: true class of each clip, counted from 0.
        predictions: predicted class of each clip.

    Shape:
        labels, predictions: [clips].

    Raises:
        ValueError: there are no clips, one is unlabeled, or predictions and labels do not match.

    >>> balanced_accuracy([0, 0, 0, 1], [0, 0, 0, 0])
    0.5
    """
    labels, predictions = _checked(labels, predictions)
    n_clips = np.bincount(labels)
    n_right = np.bincount(labels[labels == predictions], minlength=len(n_clips))
    present = n_clips > 0
    return float((n_right[present] / n_clips[present]).mean())


def per_class_recall(
    labels: ArrayLike, predictions: ArrayLike, n_classes: int
) -> NDArray[np.float64]:
    """Share of each class's clips that were predicted; NaN for a class without clips.

    Args:
        labels: true class of each clip, counted from 0.
        predictions: predicted class of each clip.
        n_classes: number of classes.

    Shape:
        labels, predictions: [clips]; result: [classes].

    Raises:
        ValueError: there are no clips, one is unlabeled, or predictions and labels do not match.
    """
    confusion = confusion_matrix(labels, predictions, n_classes)
    with np.errstate(invalid="ignore"):
        recall: NDArray[np.float64] = confusion.diagonal() / confusion.sum(axis=1)
    return recall


def confusion_matrix(
    labels: ArrayLike, predictions: ArrayLike, n_classes: int
) -> NDArray[np.int64]:
    """Count of clips by true class (rows) and predicted class (columns).

    Args:
        labels: true class of each clip, counted from 0.
        predictions: predicted class of each clip, counted from 0.
        n_classes: number of classes.

    Shape:
        labels, predictions: [clips]; result: [classes, classes].

    Raises:
        ValueError: as `accuracy`, or a class is out of range.

    >>> confusion_matrix([0, 0, 1], [0, 1, 1], n_classes=2).tolist()
    [[1, 1], [0, 1]]
    """
    labels, predictions = _checked(labels, predictions)
    largest = max(labels.max(), predictions.max())
    if largest >= n_classes or predictions.min() < 0:
        raise ValueError(f"classes must lie in 0..{n_classes - 1}")
    cells = np.bincount(labels * n_classes + predictions, minlength=n_classes**2)
    return cells.reshape(n_classes, n_classes)


def _checked(
    labels: ArrayLike, predictions: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.ndim != 1 or labels.shape != predictions.shape:
        raise ValueError(f"{labels.shape} labels and {predictions.shape} predictions do not match")
    if len(labels) == 0:
        raise ValueError("there are no clips to count")
    if labels.min() < 0:
        raise ValueError("a clip is unlabeled (-1); only labeled clips can be counted")
    return labels, predictions
