"""A clip's class scores from those of its patches (Fonseca et al. 2021)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def clip_scores(probabilities: ArrayLike, clips: ArrayLike) -> NDArray[np.float64]:
    """Average the class probabilities of each clip's patches.

    Every patch of a clip weighs the same, and a clip's scores sum to one as its patches' do. The
    patches may come in any order.

    Args:
        probabilities: class probabilities of each patch.
        clips: which clip each patch was cut from, counted from 0.

    Shape:
        probabilities: [patches, classes]; clips: [patches]; result: [clips, classes].

    Raises:
        ValueError: a clip between the first and the last has no patches.

    >>> clip_scores([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]], clips=[0, 0, 1]).tolist()
    [[0.75, 0.25], [0.0, 1.0]]
    """
    probabilities, clips = np.asarray(probabilities), np.asarray(clips)
    n_patches = np.bincount(clips)
    if not n_patches.all():
        raise ValueError(f"clip {n_patches.argmin()} has no patches to score")
    n_clips, n_classes = len(n_patches), probabilities.shape[1]
    cells = clips[:, None] * n_classes + np.arange(n_classes)
    sums = np.bincount(cells.ravel(), probabilities.ravel(), minlength=n_clips * n_classes)
    return sums.reshape(n_clips, n_classes) / n_patches[:, None]
