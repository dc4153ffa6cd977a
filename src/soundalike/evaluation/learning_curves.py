"""Learning curves: the balanced accuracy by the number of labels, with intervals.

Arrays of answers are [..., seeds, clips]: every seed, one random draw of labeled clips, tests the
same clips.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

INTERVAL = (0.025, 0.975)
RESAMPLED_CLIPS = 1 << 22  # weights of clips that are in memory at once


def resampled_balanced_accuracy(
    is_correct: NDArray[np.bool_],
    labels: NDArray[np.integer],
    *,
    n_resamples: int = 1000,
    seed: int = 0,
    recordings: NDArray[np.integer] | None = None,
) -> NDArray[np.float64]:
    """Return the balanced accuracy of resamples of the clips and the seeds.

    Recordings and seeds are resampled independently (the pigeonhole bootstrap, Owen 2007), and
    every resample takes the same ones of all curves. So two curves can be subtracted: that is the
    distribution of their paired difference.

    Args:
        is_correct: which clips are classified correctly.
        labels: class of each clip.
        n_resamples: number of resamples.
        seed: random seed of the resamples.
        recordings: which recording each clip is of; clips of one recording are not independent. By
            default each clip is a recording.

    Shape:
        is_correct: [..., seeds, clips]; labels, recordings: [clips]; result: [n_resamples, ...].
    """
    *shape, n_seeds, n_clips = is_correct.shape
    recording, _ = pd.factorize(np.arange(n_clips) if recordings is None else recordings)
    n_recordings = int(recording.max()) + 1
    generator = np.random.default_rng(seed)
    n_at_once = max(1, RESAMPLED_CLIPS // n_clips)
    resamples = []
    for start in range(0, n_resamples, n_at_once):
        n = min(n_at_once, n_resamples - start)
        recording_counts = generator.multinomial(n_recordings, _equal(n_recordings), n)
        seed_counts = generator.multinomial(n_seeds, _equal(n_seeds), n)
        resamples.append(
            _weighted_balanced_accuracy(
                is_correct.reshape(-1, n_clips), labels, recording_counts, recording, seed_counts
            )
        )
    return np.concatenate(resamples).reshape(n_resamples, *shape)


def _equal(n: int) -> NDArray[np.float64]:
    return np.full(n, 1 / n)


def _weighted_balanced_accuracy(
    is_correct: NDArray[np.bool_],
    labels: NDArray[np.integer],
    recording_counts: NDArray[np.int64],
    recording: NDArray[np.integer],
    seed_counts: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the balanced accuracy of some resamples, class by class to need little memory.

    Shape:
        is_correct: [curves * seeds, clips]; labels, recording: [clips];
        recording_counts: [resamples, recordings]; seed_counts: [resamples, seeds];
        result: [resamples, curves].
    """
    n_resamples, n_seeds = seed_counts.shape
    recalls = np.zeros((n_resamples, len(is_correct) // n_seeds))
    n_present = np.zeros((n_resamples, 1))
    for label in np.unique(labels):
        clips = np.flatnonzero(labels == label)
        weights = recording_counts[:, recording[clips]].astype(np.float64)
        n_of_class = weights.sum(axis=1, keepdims=True)
        n_right = weights @ is_correct[:, clips].T.astype(np.float64)
        by_seed = n_right.reshape(n_resamples, -1, n_seeds)
        n_right = np.einsum("rcs,rs->rc", by_seed, seed_counts / n_seeds)
        recalls += n_right / np.maximum(n_of_class, 1)
        n_present += n_of_class > 0
    return recalls / n_present


def labels_needed(n_labels: ArrayLike, scores: ArrayLike, target: ArrayLike) -> NDArray[np.float64]:
    """Return with how many labels a curve first reaches a score.

    Between two points, a curve is a line over the logarithm of the number of labels.

    Args:
        n_labels: numbers of labels, ascending.
        scores: the curve, or several.
        target: score to reach, of each curve.

    Shape:
        n_labels: [points]; scores: [..., points]; target, result: [...].

    Returns:
        The number of labels; infinity for a curve that stays below, and the first number of labels
        for one that begins at the score or above it, which perhaps needs fewer.

    >>> labels_needed([1, 10, 100], [0.2, 0.4, 0.6], 0.5).round(1).item()
    31.6
    """
    n_labels, scores = np.asarray(n_labels, dtype=np.float64), np.asarray(scores)
    target = np.asarray(target)
    reaches = scores >= target[..., np.newaxis]
    after = reaches.argmax(axis=-1)
    before = np.maximum(after - 1, 0)
    low, high = (
        np.take_along_axis(scores, place[..., np.newaxis], axis=-1)[..., 0]
        for place in (before, after)
    )
    share = np.where(after > 0, target - low, 0) / np.where(after > 0, high - low, 1)
    share = np.where(reaches.any(axis=-1), share, 0)
    needed = n_labels[before] ** (1 - share) * n_labels[after] ** share
    return np.where(reaches.any(axis=-1), needed, np.inf)
