"""What to listen to next.

Half of the queue are the windows with the highest scores, which are most likely to have the label;
half are those nearest to the threshold, where the detector knows least. Of windows that overlap,
only the one with the highest score is queued: the others contain the same sound, or a part of it.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from soundalike.labeling.spans import Spans


def next_windows(
    scores: NDArray[np.floating],
    is_labeled: NDArray[np.bool_],
    spans: Spans,
    n: int,
    threshold: float = 0.5,
) -> NDArray[np.int64]:
    """Return windows without a label to listen to next, in turn by score and by doubt.

    Args:
        scores: of the windows, from 0 to 1.
        is_labeled: which windows are not to be queued.
        spans: of the windows.
        n: number of windows; fewer if there are no more.
        threshold: score at which the detector answers yes.

    Shape:
        scores, is_labeled: [windows]; result: [n], positions.
    """
    candidates = np.flatnonzero(~is_labeled & spans.is_peak(scores))
    logits = logit(scores[candidates])
    by_score = candidates[np.argsort(-logits, kind="stable")]
    by_doubt = candidates[np.argsort(np.abs(logits - logit(threshold)), kind="stable")]
    queue: list[int] = []
    is_taken = np.zeros(len(scores), bool)
    for position in np.stack([by_score, by_doubt], axis=1).ravel().tolist():
        if len(queue) == n:
            break
        if not is_taken[position]:
            queue.append(position)
            span = spans.recordings[position], spans.start_s[position], spans.end_s[position]
            is_taken[spans.overlapping(*span)[0]] = True
    return np.array(queue, np.int64)


def logit(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Return the logits of probabilities, finite for 0 and 1."""
    p = np.clip(np.asarray(probabilities, np.float64), 1e-9, 1 - 1e-9)
    return np.log(p / (1 - p))
