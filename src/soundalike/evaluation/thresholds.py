"""When to answer and when to say "unsure": classification with a reject option (Chow 1970)."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

LEVEL = 0.95  # of the confidence limit that has to reach the precision


def calibrate_threshold(labels: ArrayLike, scores: ArrayLike, precision: float = 0.9) -> float:
    """Return the lowest score threshold at which answers reach a precision on new clips, too.

    An answer is the best class of a clip if clips have one label, and any class of any clip if they
    have several. The lowest threshold at which these clips' own answers reach the precision would
    be optimistic: among many thresholds, it is one that was lucky. So the lower 95% confidence
    limit of the precision (Clopper and Pearson 1934) has to reach it. Because the limit is taken of
    many thresholds, the promise is weaker than 95%: in simulations, new clips of the same kind
    reach the precision in nine of ten calibrations. A precision of 0.9 takes at least 29 answers,
    all of them correct. With few clips, or a weak classifier, every clip is unsure.

    Answers count as independent, which clips of one recording and classes of one clip are not.

    Args:
        labels: labels of clips that were not trained on and chose nothing, such as the epoch.
        scores: class probabilities of each clip.
        precision: fraction of answers that must be correct, above 0 and below 1.

    Shape:
        labels: [clips] or [clips, classes]; scores: [clips, classes].

    Returns:
        One of the scores. If no threshold is good enough, the next float32 above 1 and above the
        highest score, so that every clip is unsure.

    Raises:
        ValueError: there are no clips, one is unlabeled, a score is NaN, the shapes do not match,
            or ``precision`` is out of range.

    >>> sure, less_sure = [[0.9, 0.1]] * 29, [[0.6, 0.4]] * 20
    >>> calibrate_threshold([0] * 29 + [0, 1] * 10, sure + less_sure)
    0.9
    >>> calibrate_threshold([0] * 28, sure[:28])  # the same precision, but too few clips
    1.0000001192092896
    """
    labels, scores = np.asarray(labels), np.asarray(scores)
    if not 0 < precision < 1:
        raise ValueError(f"the precision must be above 0 and below 1, not {precision}")
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
    n_correct, n_answers = is_correct.cumsum(), np.arange(1, len(is_correct) + 1)
    limits = stats.beta.ppf(1 - LEVEL, n_correct, n_answers - n_correct + 1)  # NaN if none is right
    # Equal scores are answered together, so only the last of them can be a threshold.
    is_last_of_equals = np.append(certainty[1:] < certainty[:-1], True)
    thresholds = certainty[is_last_of_equals & (limits >= precision)]
    if len(thresholds) == 0:
        return float(np.nextafter(np.float32(max(1, certainty[0])), np.float32(np.inf)))
    return float(thresholds[-1])
