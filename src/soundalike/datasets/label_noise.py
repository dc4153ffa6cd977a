"""Synthetic label noise: wrong labels at a known rate, to compare training methods."""

import dataclasses

import numpy as np

from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.datasets.store import Store


def with_label_noise(store: Store, share: float, seed: int) -> Store:
    """Make a share of the training labels wrong (symmetric noise, Zhang and Sabuncu 2018).

    Each selected clip gets one of the other classes, all equally likely, so its label is always
    wrong. The column `true_label` holds the original label, also after repeated calls. Only labeled
    clips of the split train change.

    Args:
        store: clips in named splits, with one label each.
        share: share of the labeled training clips, in [0, 1], rounded to a whole number of clips.
        seed: random seed of the selection and of the classes.

    Raises:
        SourceError: clips have several labels, no training clip has one, or all have the same.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}: give a number from 0 to 1.")
    clips = store.clips
    labels = clips.labels()
    if labels.is_multi_label:
        raise SourceError(
            f"{clips.name}: label noise is for clips with one label; some have several."
        )
    classes, values = labels.classes, labels.values
    train = np.flatnonzero((clips.rows["split"] == "train").to_numpy() & labels.is_known)
    if not len(train) or len(classes) < 2:
        missing = "no second class" if len(train) else "no labeled clip in a split 'train'"
        raise SourceError(f"{clips.name}: {missing}, so there is no label to make wrong.")
    rng = np.random.default_rng(seed)
    wrong = rng.permutation(train)[: round(share * len(train))]
    values[wrong] = (values[wrong] + rng.integers(1, len(classes), len(wrong))) % len(classes)
    names = clips.rows["label"].to_numpy(object, copy=True)
    names[wrong] = np.array(classes, dtype=object)[values[wrong]]
    truth = clips.rows.get("true_label", clips.rows["label"])
    rows = clips.rows.assign(label=names, true_label=truth)
    return dataclasses.replace(store, clips=ClipTable(clips.name, rows))
