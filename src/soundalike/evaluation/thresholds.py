"""When to answer and when to say "unsure": classification with a reject option (Chow 1970)."""

import numpy as np
from numpy.typing import ArrayLike


def calibrate_threshold(labels: ArrayLike, scores: ArrayLike, precision: float = 0.9) -> float:
    """Return the lowest score threshold at which answers reach a precision.

    An answer is the best class of a clip if clips have one label, and any class of any clip if they
    have several. Answers that score at least the threshold reach the precision on these clips. The
    lowest such threshold keeps the most answers. A higher precision never lowers it.

    Args:
        labels: labels of clips that were neither trained on nor will be tested on.
        scores: class probabilities of each clip.
        precision: fraction of answers that must be correct, above 0 and at most 1.

    Shape:
        labels: [clips] or [clips, classes]; scores: [clips, classes].

    Returns:
        One of the scores. If no threshold reaches the precision, the next float32 above 1 and above
        the highest score, so that every clip is unsure.

    Raises:
        ValueError: there are no clips, one is unlabeled, a score is NaN, the shapes do not match,
            or ``precision`` is out of range.

    >>> scores = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3], [0.6, 0.4]])
    >>> calibrate_threshold([0, 1, 1, 0], scores)
    0.8
    >>> calibrate_threshold([0, 1, 1, 0], scores, precision=0.7)
    0.6
    """
    labels, scores = np.asarray(labels), np.asarray(scores)
    if not 0 < precision <= 1:
        raise ValueError(f"the precision must be above 0 and at most 1, not {precision}")
    if scores.ndim != 2 or labels.shape not in (scores.shape, scores.shape[:1]):
        raise ValueError(f"labels {labels.shape} and scores {scores.shape} do not match")
    if len(labels) == 0 or labels.min() < 0 or np.isnan(scores).any():
        raise ValueError("a threshold needs labeled clips (none -1) with scores (none NaN)")
    if labels.ndim == 2:
        certainty, is_correct = scores.ravel(), labels.ravel() == 1
    else:
        certainty, is_correct = scores.max(axis=1), scores.argmax(axis=1) == labels

    descending = np.argsort(-certainty)
    certainty, is_correct = certainty[descending], is_correct[descending]
    precisions = is_correct.cumsum() / np.arange(1, len(is_correct) + 1)
    # Equal scores are answered together, so only the last of them can be a threshold.
    is_last_of_equals = np.append(certainty[1:] < certainty[:-1], True)
    thresholds = certainty[is_last_of_equals & (precisions >= precision)]
    if len(thresholds) == 0:
        return float(np.nextafter(np.float32(max(1, certainty[0])), np.float32(np.inf)))
    return float(thresholds[-1])
