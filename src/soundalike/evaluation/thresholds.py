"""When to answer, and when to say "unsure": the classification with a reject option (Chow 1970)."""

import numpy as np
from numpy.typing import ArrayLike


def calibrate_threshold(labels: ArrayLike, scores: ArrayLike, wanted: float = 0.9) -> float:
    """Find the score from which on answers are right often enough.

    An answer is a clip's best class where clips have one label, and any class of any clip where
    they have several. Of the answers that score at least the threshold, at least the share
    ``wanted`` is right on these clips; of all scores that do so it is the smallest, so that the
    most answers are given. A higher ``wanted`` never lowers it.

    Args:
        labels: class of each clip, or 1 where the clip has the class and 0 where not. The clips
            should be neither trained on nor tested on.
        scores: class probabilities of each clip.
        wanted: share of answers that is to be right, above 0 and at most 1.

    Shape:
        labels: [clips] or [clips, classes]; scores: [clips, classes].

    Returns:
        One of the scores; or, where even the highest are not right often enough, the next float32
        above the highest and above 1, which no probability reaches: everything is unsure.

    Raises:
        ValueError: there are no clips, one is unlabeled, a score is NaN, the shapes do not match,
            or ``wanted`` is not a share.

    >>> scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.6, 0.4]])
    >>> calibrate_threshold([0, 1, 1, 0], scores)
    0.8
    >>> calibrate_threshold([0, 1, 1, 0], scores, wanted=0.7)
    0.6
    """
    labels, scores = np.asarray(labels), np.asarray(scores)
    if not 0 < wanted <= 1:
        raise ValueError(f"the wanted share must be above 0 and at most 1, not {wanted}")
    if scores.ndim != 2 or labels.shape not in (scores.shape, scores.shape[:1]):
        raise ValueError(f"labels {labels.shape} and scores {scores.shape} do not match")
    if len(labels) == 0 or labels.min() < 0 or np.isnan(scores).any():
        raise ValueError("a threshold needs labeled clips, none of them -1, and scores, none NaN")
    if labels.ndim == 2:
        certainty, right = scores.ravel(), labels.ravel() == 1
    else:
        certainty, right = scores.max(axis=1), scores.argmax(axis=1) == labels

    from_surest = np.argsort(-certainty)
    certainty, right = certainty[from_surest], right[from_surest]
    share_right = right.cumsum() / np.arange(1, len(right) + 1)
    # Equal scores are answered together, so only after the last of them can a threshold be drawn.
    is_last_of_equals = np.append(certainty[1:] < certainty[:-1], True)
    thresholds = certainty[is_last_of_equals & (share_right >= wanted)]
    if len(thresholds) == 0:
        return float(np.nextafter(np.float32(max(1, certainty[0])), np.float32(np.inf)))
    return float(thresholds[-1])
