"""Average precision, for clips with several labels: the metric of FSD50K (Fonseca et al. 2022).

It judges each class as a search: are the clips that have the class ranked before those that do not?
So it needs no threshold, and weighs every class the same, whatever its number of clips.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def average_precisions(labels: ArrayLike, scores: ArrayLike) -> NDArray[np.float64]:
    """Mean precision at the rank of each clip of a class, for every class.

    The area under the precision-recall curve in steps, without interpolation. Clips with equal
    scores share a rank, so their order does not matter. Only the order of the scores within a class
    counts: no class need be calibrated to another.

    Args:
        labels: 1 where the clip has the class, otherwise 0.
        scores: of each class for each clip, higher where it is the more likely.

    Shape:
        labels, scores: [clips, classes]; result: [classes], NaN for a class that no clip has.

    Raises:
        ValueError: there are no clips, shapes differ, labels are not 0 or 1, or a score is NaN.

    >>> average_precisions([[1], [0], [1]], [[0.9], [0.8], [0.3]]).round(3)  # (1/1 + 2/3) / 2
    array([0.833])
    """
    labels, scores = np.asarray(labels), np.asarray(scores)
    if labels.ndim != 2 or labels.shape != scores.shape:
        raise ValueError(f"labels {labels.shape} and scores {scores.shape} do not match")
    if len(labels) == 0:
        raise ValueError("there are no clips to rank")
    if not np.isin(labels, (0, 1)).all():
        raise ValueError("labels of several classes must be 0 or 1")
    if np.isnan(scores).any():
        raise ValueError("a score is NaN, which has no rank")
    return np.array([_of_class(*column) for column in zip(labels.T == 1, scores.T, strict=True)])


def mean_average_precision(labels: ArrayLike, scores: ArrayLike) -> float:
    """Mean of the average precisions over the classes that a clip has (mAP).

    Args:
        labels: 1 where the clip has the class, otherwise 0.
        scores: of each class for each clip, higher where it is the more likely.

    Shape:
        labels, scores: [clips, classes].

    Raises:
        ValueError: as `average_precisions`, or no clip has any class.

    >>> mean_average_precision([[1, 0], [0, 0], [1, 0]], [[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]])
    0.8333333333333333
    """
    precisions = average_precisions(labels, scores)
    if np.isnan(precisions).all():
        raise ValueError("no clip has any class, so there is nothing to find")
    return float(np.nanmean(precisions))


def _of_class(has_class: NDArray[np.bool_], scores: NDArray[np.floating]) -> float:
    if not has_class.any():
        return np.nan
    found = np.sort(scores[has_class])
    # For every clip of the class: how many clips, and how many of its own, score as high or higher.
    n_ranked = len(scores) - np.searchsorted(np.sort(scores), found)
    n_found = len(found) - np.searchsorted(found, found)
    return float((n_found / n_ranked).mean())
