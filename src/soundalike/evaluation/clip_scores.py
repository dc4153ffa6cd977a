"""Class scores of clips from those of their patches (Fonseca et al. 2019 and 2021)."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

Mean = Literal["arithmetic", "geometric"]

# The smallest positive float32 of full precision. It bounds log probabilities from below, so that a
# single patch cannot veto a class.
SMALLEST_PROBABILITY = float(np.finfo(np.float32).tiny)


def clip_scores(
    probabilities: ArrayLike, clips: ArrayLike, mean: Mean = "arithmetic"
) -> NDArray[np.float64]:
    """Average the class probabilities of each clip's patches.

    All patches of a clip have equal weight and may come in any order. If the probabilities of a
    patch sum to one, so do the scores of a clip.

    Args:
        probabilities: class probabilities of each patch, from a softmax or from sigmoids.
        clips: clip of each patch, counted from 0.
        mean: "arithmetic" (Fonseca et al. 2021), or "geometric", the exponential of the mean log
            probability (the baseline of FSDnoisy18k, Fonseca et al. 2019). With the geometric mean,
            a patch that rules a class out has more influence. It is rescaled to sum to one if the
            probabilities do; sigmoid probabilities stay as they are.

    Shape:
        probabilities: [patches, classes]; clips: [patches]; result: [clips, classes].

    Raises:
        ValueError: a clip up to the highest index has no patches, or the mean is unknown.

    >>> clip_scores([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]], clips=[0, 0, 1]).tolist()
    [[0.75, 0.25], [0.0, 1.0]]
    >>> clip_scores([[0.9, 0.1], [0.5, 0.5]], clips=[0, 0], mean="geometric").round(2).tolist()
    [[0.75, 0.25]]
    """
    if mean not in get_args(Mean):
        raise ValueError(f"unknown mean {mean!r}; choose one of {', '.join(get_args(Mean))}")
    probabilities, clips = np.asarray(probabilities), np.asarray(clips)
    n_patches = np.bincount(clips)
    if not n_patches.all():
        raise ValueError(f"clip {n_patches.argmin()} has no patches to score")
    values = probabilities
    if mean == "geometric":
        values = np.log(np.maximum(probabilities, SMALLEST_PROBABILITY, dtype=np.float64))
    n_clips, n_classes = len(n_patches), values.shape[1]
    cells = clips[:, None].astype(np.int64) * n_classes + np.arange(n_classes)
    sums = np.bincount(cells.ravel(), values.ravel(), minlength=n_clips * n_classes)
    scores: NDArray[np.float64] = sums.reshape(n_clips, n_classes) / n_patches[:, None]
    if mean == "geometric":
        scores = np.exp(scores)
        if np.allclose(probabilities.sum(axis=1), 1, atol=1e-3):
            scores /= scores.sum(axis=1, keepdims=True)
    return scores
