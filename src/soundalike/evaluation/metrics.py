"""Accuracy of predicted classes, and the main score of a data set.

Labels are [clips] int, or [clips, classes] 0 or 1; predictions [clips] int; scores [clips,
classes].

Class sizes of sound-event data sets differ by large factors. Balanced accuracy (Fonseca et al.
2021) gives every class the same weight, so always predicting the largest class scores low. So does
mAP for clips with several labels.
"""

# Not scikit-learn's functions: they take 3 to 10 ms for 1,000 clips, over 150 times as long, and a
# bootstrap calls them 1,000 times for each row of a table. The tests use them as the reference.

import numpy as np
from numpy.typing import ArrayLike, NDArray

from soundalike.evaluation.average_precision import mean_average_precision

METRIC_NAMES = {1: "balanced accuracy", 2: "mAP"}
"""Name of the metric that `score` uses, by the number of axes of the labels."""


def score(labels: ArrayLike, scores: ArrayLike) -> float:
    """Return the score of clips by the metric that fits their labels, from 0 to 1.

    The metric is mAP if clips have several labels. Otherwise it is the balanced accuracy of the
    class with the highest score; the lower class wins a tie.

    Args:
        labels: labels of the clips.
        scores: scores of each clip for each class.

    Shape:
        labels: [clips] or [clips, classes]; scores: [clips, classes].

    Raises:
        ValueError: there are no clips, a clip is unlabeled, or the shapes do not match.

    >>> score([0, 1, 1], [[0.6, 0.4], [0.1, 0.9], [0.7, 0.3]])
    0.75
    """
    if np.ndim(labels) == 2:
        return mean_average_precision(labels, scores)
    return balanced_accuracy(labels, np.argmax(scores, axis=1))


def accuracy(labels: ArrayLike, predictions: ArrayLike) -> float:
    """Return the fraction of clips with a correct prediction.

    Args:
        labels: true class of each clip.
        predictions: predicted class of each clip.

    Shape:
        labels, predictions: [clips].

    Raises:
        ValueError: there are no clips, a clip is unlabeled, or the shapes do not match.

    >>> accuracy([0, 0, 0, 1], [0, 0, 0, 0])
    0.75
    """
    labels, predictions = _checked(labels, predictions)
    return float((labels == predictions).mean())


def balanced_accuracy(labels: ArrayLike, predictions: ArrayLike) -> float:
    """Return the mean recall of the classes (macro recall).

    Only classes that occur in ``labels`` count. Predicting any other class is an error.

    Args:
        labels: true class of each clip, counted from 0.
        predictions: predicted class of each clip.

    Shape:
        labels, predictions: [clips].

    Raises:
        ValueError: there are no clips, a clip is unlabeled, or the shapes do not match.

    >>> balanced_accuracy([0, 0, 0, 1], [0, 0, 0, 0])
    0.5
    """
    labels, predictions = _checked(labels, predictions)
    n_clips = np.bincount(labels)
    n_correct = np.bincount(labels[labels == predictions], minlength=len(n_clips))
    present = n_clips > 0
    return float((n_correct[present] / n_clips[present]).mean())


def per_class_recall(confusion: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the recall of each class; NaN for a class without clips.

    Args:
        confusion: a `confusion_matrix`.

    Shape:
        confusion: [classes, classes]; result: [classes].

    >>> per_class_recall(np.array([[1, 1], [0, 1]])).tolist()
    [0.5, 1.0]
    """
    with np.errstate(invalid="ignore"):
        recall: NDArray[np.float64] = confusion.diagonal() / confusion.sum(axis=1)
    return recall


def confusion_matrix(
    labels: ArrayLike, predictions: ArrayLike, n_classes: int
) -> NDArray[np.int64]:
    """Return counts of clips by true class (rows) and predicted class (columns).

    Args:
        labels: true class of each clip, counted from 0.
        predictions: predicted class of each clip, counted from 0.
        n_classes: number of classes.

    Shape:
        labels, predictions: [clips]; result: [classes, classes].

    Raises:
        ValueError: as in `accuracy`, or a class is out of range.

    >>> confusion_matrix([0, 0, 1], [0, 1, 1], n_classes=2).tolist()
    [[1, 1], [0, 1]]
    """
    labels, predictions = _checked(labels, predictions)
    largest = max(labels.max(), predictions.max())
    if largest >= n_classes or predictions.min() < 0:
        raise ValueError(f"classes must be in 0..{n_classes - 1}")
    cells = labels.astype(np.int64) * n_classes + predictions.astype(np.int64)
    counts = np.bincount(cells, minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes)


def _checked(
    labels: ArrayLike, predictions: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.ndim != 1 or labels.shape != predictions.shape:
        raise ValueError(f"labels {labels.shape} and predictions {predictions.shape} do not match")
    if len(labels) == 0:
        raise ValueError("there are no clips to count")
    if labels.min() < 0:
        raise ValueError("a clip is unlabeled (-1); pass labeled clips only")
    return labels, predictions
