"""Labels made wrong on purpose, to see who can learn from them."""

import dataclasses

import numpy as np

from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.datasets.store import Store


def with_label_noise(store: Store, share: float, seed: int) -> Store:
    """Give a share of the training clips a wrong label (symmetric noise, Zhang and Sabuncu 2018).

    Each clip that is chosen gets one of the other classes, all equally likely, so no label stays
    right by chance. The truth is in the further column `true_label`, of the first time when the
    labels were made wrong before. Only labeled clips of the split train are touched.

    Args:
        store: clips in named splits, with one label each.
        share: of the labeled training clips, in [0, 1]; rounded to a whole number of clips.
        seed: of which clips and which classes.

    Raises:
        SourceError: there are no labeled training clips, several labels a clip, or one class.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}: give a number from 0 to 1.")
    clips = store.clips
    classes = clips.classes
    if clips.labels().is_multi_label:
        raise SourceError(f"{clips.name}: clips with several labels cannot be given wrong ones.")
    labels = clips.labels().values
    train = np.flatnonzero((clips.rows["split"] == "train").to_numpy() & (labels >= 0))
    if not len(train) or len(classes) < 2:
        missing = "no second class" if len(train) else "no labeled clip in a split 'train'"
        raise SourceError(f"{clips.name}: {missing}, so no label can be made wrong.")
    rng = np.random.default_rng(seed)
    wrong = rng.permutation(train)[: round(share * len(train))]
    labels[wrong] = (labels[wrong] + rng.integers(1, len(classes), len(wrong))) % len(classes)
    names = clips.rows["label"].to_numpy(object, copy=True)
    names[wrong] = np.array(classes, dtype=object)[labels[wrong]]
    truth = clips.rows.get("true_label", clips.rows["label"])
    rows = clips.rows.assign(label=names, true_label=truth)
    return dataclasses.replace(store, clips=ClipTable(clips.name, rows))
