"""Synthetic label noise: wrong labels at a known rate, to compare training methods.

symmetric          every other class is equally likely
confusion          every class is mistaken for one other class, which the seed chooses
out_of_vocabulary  clips of classes that are left out replace others, under their labels
"""

import dataclasses
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.datasets.store import Store
from soundalike.datasets.verified import TRUE_LABEL, VERIFIED
from soundalike.runtime.counts import counted

Kind = Literal["symmetric", "confusion", "out_of_vocabulary"]
KINDS: tuple[Kind, ...] = get_args(Kind)
NO_LABEL = -1


def with_label_noise(store: Store, share: float, seed: int, kind: Kind = "symmetric") -> Store:
    """Make a share of the training labels wrong (symmetric noise, Zhang and Sabuncu 2018).

    The column `true_label` holds the original label, also after repeated calls. Only labels of the
    split train change, except that classes which are left out have labels nowhere. No label counts
    as verified any more.

    Args:
        store: clips in named splits, with one label each.
        share: share of the labeled training clips, in [0, 1], rounded to a whole number of clips.
        seed: random seed of the selection and of the classes.
        kind: which wrong labels they get, as in `noisy_labels`.

    Raises:
        SourceError: clips have several labels, no training clip has one, all have the same, or
            there are too few classes or clips to leave some out.
    """
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
    try:
        noisy = noisy_labels(values, len(classes), train, share, seed, kind)
    except SourceError as error:
        raise SourceError(f"{clips.name}: {error}") from None
    names = clips.rows["label"].to_numpy(object, copy=True)
    changed = noisy != values
    names[changed] = np.array([*classes, ""], dtype=object)[noisy[changed]]
    truth = clips.rows.get(TRUE_LABEL, clips.rows["label"])
    rows = clips.rows.assign(label=names, **{TRUE_LABEL: truth})
    rows = rows.drop(columns=VERIFIED, errors="ignore")
    return dataclasses.replace(store, clips=ClipTable(clips.name, rows))


def noisy_labels(
    labels: NDArray[np.int64],
    n_classes: int,
    train: NDArray[np.int64],
    share: float,
    seed: int,
    kind: Kind,
) -> NDArray[np.int64]:
    """Return labels of which a share of the training clips is wrong.

    Out of vocabulary, classes are left out at random until they have at least as many training
    clips as the others. A share of the others' training clips is replaced by clips of these
    classes: those get the labels, and the replaced ones lose theirs. So the number of labels of
    each remaining class does not depend on the share. All other clips of the classes that are left
    out lose their labels, too.

    Args:
        labels: class of each clip, `NO_LABEL` if it has none.
        n_classes: number of classes.
        train: positions of the labeled training clips.
        share: share of the training clips, in [0, 1], rounded to a whole number of clips.
        seed: random seed of the selection and of the classes.
        kind: one of `KINDS`.

    Shape:
        labels, result: [clips]; train: [training clips].

    Raises:
        ValueError: ``share`` or ``kind`` is out of range.
        SourceError: there are too few classes or clips to leave some out.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}: give a number from 0 to 1.")
    if kind not in KINDS:
        raise ValueError(f"kind is '{kind}': give one of {', '.join(KINDS)}.")
    rng = np.random.default_rng(seed)
    if kind == "out_of_vocabulary":
        return _out_of_vocabulary(labels, n_classes, train, share, rng)
    noisy = labels.copy()
    wrong = rng.permutation(train)[: round(share * len(train))]
    if kind == "symmetric":
        noisy[wrong] = (labels[wrong] + rng.integers(1, n_classes, len(wrong))) % n_classes
    else:
        order = rng.permutation(n_classes)
        mistaken_for = np.empty(n_classes, np.int64)
        mistaken_for[order] = np.roll(order, 1)
        noisy[wrong] = mistaken_for[labels[wrong]]
    return noisy


def _out_of_vocabulary(
    labels: NDArray[np.int64],
    n_classes: int,
    train: NDArray[np.int64],
    share: float,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    order = rng.permutation(n_classes)
    n_clips = np.bincount(labels[train], minlength=n_classes)[order].cumsum()
    n_left_out = min(1 + int(np.searchsorted(n_clips, len(train) / 2)), n_classes - 2)
    if n_left_out < 1:
        raise SourceError("leaving out classes takes at least three.")
    is_left_out = np.isin(labels, order[:n_left_out])
    replaced = rng.permutation(train[~is_left_out[train]])
    replaced = replaced[: round(share * len(replaced))]
    strange = rng.permutation(train[is_left_out[train]])
    if len(strange) < len(replaced):
        raise SourceError(
            f"{counted(len(strange), 'clip')} of the classes that are left out cannot replace "
            f"{len(replaced)}."
        )
    noisy = np.where(is_left_out, NO_LABEL, labels)
    noisy[strange[: len(replaced)]] = labels[replaced]
    noisy[replaced] = NO_LABEL
    return noisy
