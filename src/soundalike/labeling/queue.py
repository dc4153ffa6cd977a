"""What to listen to next.

Half of the queue are the windows with the highest scores, which are most likely to have the label;
half are those nearest to the threshold, where the detector knows least. Windows that are like one
without the label, or like one before them in the queue, come later: there is less to learn from
them, and elsewhere may be another kind of sound that has the label. Of windows that overlap, only
the one with the highest score is queued: the others contain the same sound, or a part of it.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from soundalike.labeling.labeled_windows import NO, UNKNOWN
from soundalike.labeling.spans import Spans

# A window that equals one without the label loses so many standard deviations of the logits.
LIKENESS = 3.0
MOST_CANDIDATES = 4096  # with the highest scores, and as many nearest to the threshold
NONE = np.zeros(0, np.int64)


def next_windows(
    scores: NDArray[np.floating],
    vectors: NDArray[np.float32],
    known: NDArray[np.int8],
    spans: Spans,
    n: int,
    threshold: float = 0.5,
    without: NDArray[np.integer] = NONE,
) -> NDArray[np.int64]:
    """Return windows without an answer to listen to next, in turn by score and by doubt.

    Args:
        scores: of the windows, from 0 to 1.
        vectors: of the windows, of any length.
        known: UNKNOWN, NO or YES.
        spans: of the windows.
        n: number of windows; fewer if there are no more.
        threshold: score at which the detector answers yes.
        without: positions of windows that are left out.

    Shape:
        scores, known: [windows]; vectors: [windows, dim]; result: [n], positions.
    """
    is_free = (known == UNKNOWN) & spans.is_peak(scores)
    is_free[without] = False
    candidates = np.flatnonzero(is_free)
    if not len(candidates):
        return candidates
    logits = logit(scores[candidates])
    values = np.stack([logits, -np.abs(logits - logit(threshold))])
    best = np.unique(np.argsort(-values, kind="stable")[:, :MOST_CANDIDATES])
    candidates, values = candidates[best], values[:, best]

    directions = _directions(vectors[candidates])
    likeness = (directions @ _directions(vectors[known == NO]).T).max(axis=1, initial=0)
    queue: list[int] = []
    is_free = np.ones(len(candidates), bool)
    while len(queue) < n and is_free.any():
        turn = values[len(queue) % 2] - LIKENESS * logits.std() * likeness
        choice = np.where(is_free, turn, -np.inf).argmax()
        position = candidates[choice]
        queue.append(position)
        likeness = np.maximum(likeness, directions @ directions[choice])
        span = spans.recordings[position], spans.start_s[position], spans.end_s[position]
        is_free &= ~np.isin(candidates, spans.overlapping(*span)[0])
    return np.array(queue, np.int64)


def logit(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Return the logits of probabilities, finite for 0 and 1."""
    p = np.clip(np.asarray(probabilities, np.float64), 1e-9, 1 - 1e-9)
    return np.log(p / (1 - p))


def _directions(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the vectors at length 1; those of length 0 stay."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
