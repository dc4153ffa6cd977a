"""Stratified selection of clips: rank them randomly within each class and cut by rank."""

from collections import Counter

import numpy as np

from soundalike.datasets.labels import classes_of
from soundalike.datasets.recordings import first_of_each
from soundalike.datasets.store import Store


def stratified_ranks(store: Store, clips: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rank clips randomly within each class, so that any cut by rank is stratified.

    Clips of one recording are one group and share a rank, whatever their labels. A group belongs
    to the class of its first clip; if that clip has several classes, to the first of them.

    Args:
        store: holds the clips.
        clips: positions of labeled clips.
        seed: random seed of the ranks.

    Returns:
        For each clip, the rank of its group within the class, from 0, and the number of groups of
        the class.

    Shape:
        clips: int64 [clips]; both results: int64 [clips].
    """
    group = first_of_each(store.recordings[clips])
    labels = store.clips.rows["label"].to_numpy(object)[clips]
    class_of_group = {first: classes_of(labels[first])[0] for first in group}
    n_groups: Counter[str] = Counter()
    rank = {}
    for first in np.random.default_rng(seed).permutation(np.unique(group)):
        rank[first] = n_groups[class_of_group[first]]
        n_groups[class_of_group[first]] += 1
    return (
        np.array([rank[first] for first in group], dtype=np.int64),
        np.array([n_groups[class_of_group[first]] for first in group], dtype=np.int64),
    )
