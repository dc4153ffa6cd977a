"""A clip's class scores from those of its patches (Fonseca et al. 2019 and 2021)."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

Mean = Literal["arithmetic", "geometric"]

# What a float32 softmax can just tell from zero: one patch may speak against a class, not veto it.
SMALLEST_PROBABILITY = float(np.finfo(np.float32).tiny)


def clip_scores(
    probabilities: ArrayLike, clips: ArrayLike, mean: Mean = "arithmetic"
) -> NDArray[np.float64]:
    """Average the class probabilities of each clip's patches.

    Every patch of a clip weighs the same, and where patches' probabilities sum to one, so do the
    clip's scores. The patches may come in any order.

    Args:
        probabilities: class probabilities of each patch, of a softmax or of sigmoids.
        clips: which clip each patch was cut from, counted from 0.
        mean: "arithmetic" (Fonseca et al. 2021), or "geometric", the exponential of the mean log
            probability (the baseline of FSDnoisy18k, Fonseca et al. 2019), by which one patch that
            rules a class out counts for more. The geometric mean of rows that all sum to one is
            scaled to sum to one again; several labels' is left as it is, since their
            probabilities are no shares of a whole.

    Shape:
        probabilities: [patches, classes]; clips: [patches]; result: [clips, classes].

    Raises:
        ValueError: a clip between the first and the last has no patches, or there is no such mean.

    >>> clip_scores([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]], clips=[0, 0, 1]).tolist()
    [[0.75, 0.25], [0.0, 1.0]]
    >>> clip_scores([[0.9, 0.1], [0.5, 0.5]], clips=[0, 0], mean="geometric").round(2).tolist()
    [[0.75, 0.25]]
    """
    if mean not in get_args(Mean):
        raise ValueError(f"no mean {mean!r}; choose one of {', '.join(get_args(Mean))}")
    probabilities, clips = np.asarray(probabilities), np.asarray(clips)
    if mean == "arithmetic":
        return _means_of_clips(probabilities, clips)
    logs = np.log(np.maximum(probabilities, SMALLEST_PROBABILITY, dtype=np.float64))
    scores = np.exp(_means_of_clips(logs, clips))
    if np.allclose(probabilities.sum(axis=1), 1, atol=1e-3):
        scores /= scores.sum(axis=1, keepdims=True)
    return scores


def _means_of_clips(
    values: NDArray[np.floating], clips: NDArray[np.integer]
) -> NDArray[np.float64]:
    n_patches = np.bincount(clips)
    if not n_patches.all():
        raise ValueError(f"clip {n_patches.argmin()} has no patches to score")
    n_clips, n_classes = len(n_patches), values.shape[1]
    cells = clips[:, None] * n_classes + np.arange(n_classes)
    sums = np.bincount(cells.ravel(), values.ravel(), minlength=n_clips * n_classes)
    return sums.reshape(n_clips, n_classes) / n_patches[:, None]
