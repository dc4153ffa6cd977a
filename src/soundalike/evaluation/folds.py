"""Folds of clips for cross-validation."""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold


def stratified_folds(
    labels: NDArray[np.integer],
    n_folds: int,
    seed: int,
    recordings: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Assign clips to folds at random, with the clips of each class spread as evenly as possible.

    Args:
        labels: labels of the clips. Clips with several labels are not stratified.
        n_folds: number of folds, at least 2.
        seed: random seed.
        recordings: which recording each clip is of; clips of one recording share a fold. By default
            each is a recording.

    Shape:
        labels: [clips] or [clips, classes]; recordings, result: [clips].

    Returns:
        Fold of each clip, counted from 0; -1 for the only recording of a class, which no fold can
        test. A recording that also has clips of other classes is in a fold.

    >>> stratified_folds(np.array([0, 0, 0, 1, 1, 2]), n_folds=2, seed=0).tolist()
    [1, 0, 0, 1, 0, -1]
    """
    # scikit-learn's StratifiedKFold raises if every class has fewer clips than there are folds, as
    # in few-shot tasks, and it tests the only clip of a class without training on the class.
    strata = labels if labels.ndim == 1 else np.zeros(len(labels), dtype=np.int64)
    if recordings is not None and len(np.unique(recordings)) < len(recordings):
        fold = grouped_folds(strata, recordings, n_folds, seed)
        fold[_is_only_recording(strata, recordings)] = -1
        return fold
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[strata[order].argsort(kind="stable")]
    fold = np.empty(len(labels), dtype=np.int64)
    fold[order] = np.arange(len(labels)) % n_folds
    fold[np.bincount(strata)[strata] == 1] = -1
    return fold


def repeated_folds(
    labels: NDArray[np.integer],
    n_folds: int,
    n_partitions: int,
    seed: int,
    recordings: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Assign clips to folds several times, as `stratified_folds` does.

    Args:
        labels: labels of the clips.
        n_folds: number of folds, at least 2.
        n_partitions: how many times.
        seed: random seed.
        recordings: which recording each clip is of; by default each is one.

    Shape:
        labels: [clips] or [clips, classes]; recordings: [clips]; result: [partitions, clips].
    """
    seeds = np.random.SeedSequence(seed).generate_state(n_partitions).tolist()
    return np.stack([stratified_folds(labels, n_folds, each, recordings) for each in seeds])


def held_out_clips(fold: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which clips each classifier of a cross-validation is tested on, not trained on.

    Args:
        fold: fold of each clip, counted from 0; -1: in none.

    Shape:
        fold: [clips] or [partitions, clips]; result: [classifiers, clips].

    >>> held_out_clips(np.array([0, 1, 1, -1])).astype(int).tolist()
    [[1, 0, 0, 0], [0, 1, 1, 0]]
    """
    each = [part == np.arange(part.max() + 1)[:, None] for part in np.atleast_2d(fold)]
    return np.concatenate(each)


def grouped_folds(
    strata: NDArray[np.integer], recordings: NDArray[np.int64], n_folds: int, seed: int
) -> NDArray[np.int64]:
    """Assign recordings to folds at random, so that each class is in as many folds as possible.

    Args:
        strata: class of each clip.
        recordings: which recording each clip is of.
        n_folds: number of folds; there are fewer if there are fewer recordings.
        seed: random seed.

    Shape:
        strata, recordings, result: [clips].

    >>> grouped_folds(np.array([0, 0, 1, 1]), np.array([7, 7, 9, 9]), n_folds=5, seed=0).tolist()
    [1, 1, 0, 0]
    """
    n_folds = min(n_folds, len(np.unique(recordings)), int(np.bincount(strata).max()))
    fold = np.zeros(len(strata), dtype=np.int64)
    if n_folds < 2:
        return fold
    folds = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class has fewer clips than there are folds
        for number, (_, tested) in enumerate(folds.split(strata, strata, recordings)):
            fold[tested] = number
    return fold


def _is_only_recording(
    strata: NDArray[np.integer], recordings: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which clips are of a recording whose every class occurs in no other: [clips]."""
    pairs = np.unique(np.stack([strata, recordings]), axis=1)
    is_elsewhere = np.bincount(pairs[0])[pairs[0]] > 1
    return ~np.isin(recordings, pairs[1, is_elsewhere])
