"""Folds of clips for cross-validation."""

import numpy as np
from numpy.typing import NDArray


def stratified_folds(labels: NDArray[np.integer], n_folds: int, seed: int) -> NDArray[np.int64]:
    """Assign clips to folds at random, with the clips of each class spread as evenly as possible.

    Args:
        labels: labels of the clips. Clips with several labels are not stratified.
        n_folds: number of folds, at least 2.
        seed: random seed.

    Shape:
        labels: [clips] or [clips, classes]; result: [clips].

    Returns:
        Fold of each clip, counted from 0; -1 for the only clip of a class, which no fold can test.

    >>> stratified_folds(np.array([0, 0, 0, 1, 1, 2]), n_folds=2, seed=0).tolist()
    [1, 0, 0, 1, 0, -1]
    """
    # scikit-learn's StratifiedKFold raises if every class has fewer clips than there are folds, as
    # in few-shot tasks, and it tests the only clip of a class without training on the class.
    strata = labels if labels.ndim == 1 else np.zeros(len(labels), dtype=np.int64)
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[strata[order].argsort(kind="stable")]
    fold = np.empty(len(labels), dtype=np.int64)
    fold[order] = np.arange(len(labels)) % n_folds
    fold[np.bincount(strata)[strata] == 1] = -1
    return fold
