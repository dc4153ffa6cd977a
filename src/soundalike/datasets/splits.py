"""Which clips train, which select and which test: a data set's own splits, its folds, or ours."""

import hashlib
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from soundalike.datasets.clips import SourceError
from soundalike.datasets.store import Store

N_FOLDS = 5


@dataclass(frozen=True)
class Split:
    """Positions of clips in a store; the three never share a clip.

    Args:
        name: "test" for a named split, "fold 3" for a fold.
        train, validation, test: int64 positions.
    """

    name: str
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def evaluation_splits(store: Store) -> list[Split]:
    """Return the rounds of an evaluation; only clips with a label take part.

    Named splits make one round. Folds make one each. With neither, five stratified folds are
    made in which clips with identical audio stay together.

    Raises:
        SourceError: there are no labels, or nothing to test on.
    """
    clips = store.clips
    labelled = (clips.rows["label"] != "").to_numpy()
    if not labelled.any():
        raise SourceError(
            f"{clips.name}: no clip has a label, so nothing can be tested: put the sounds of each "
            "class into a folder of its own, or give a manifest with a column 'label'."
        )
    if clips.has_splits:
        of = clips.rows["split"].to_numpy()
        train, validation, test = (
            np.flatnonzero(labelled & (of == split)) for split in ("train", "validation", "test")
        )
        if not len(train) or not len(test):
            missing = "train" if not len(train) else "test"
            raise SourceError(f"{clips.name}: its split '{missing}' has no labelled clip.")
        return [Split("test", train, validation, test)]
    folds = clips.rows["fold"].to_numpy() if clips.folds else _stratified_folds(store, labelled)
    names = sorted(set(folds[labelled]) - {""})
    if len(names) < 2:
        raise SourceError(f"{clips.name}: cross-validation needs at least two folds.")
    nothing = np.zeros(0, dtype=np.int64)
    return [
        Split(
            f"fold {name}",
            np.flatnonzero(labelled & (folds != name) & (folds != "")),
            nothing,
            np.flatnonzero(labelled & (folds == name)),
        )
        for name in names
    ]


def heard_in_training(store: Store, test_fold: str | None = None) -> np.ndarray:
    """Return the positions of the clips that pre-training may hear.

    That is the split train where there are splits, otherwise every clip but those of `test_fold`.

    Raises:
        SourceError: there is no such fold, or no clip is left.
    """
    clips = store.clips
    keep = np.ones(len(clips), dtype=bool)
    if clips.has_splits:
        keep = (clips.rows["split"] == "train").to_numpy()
    if test_fold is not None:
        if test_fold not in clips.folds:
            known = ", ".join(clips.folds) or "none"
            raise SourceError(f"{clips.name}: no fold '{test_fold}' (its folds: {known}).")
        keep = keep & (clips.rows["fold"] != test_fold).to_numpy()
    if not keep.any():
        where = "its split 'train' has" if clips.has_splits else f"beside fold '{test_fold}' it has"
        raise SourceError(f"{clips.name}: {where} no clip to learn from.")
    return np.flatnonzero(keep)


def _stratified_folds(store: Store, labelled: np.ndarray) -> np.ndarray:
    """Deal the clips of each class to the folds in turn; identical audio goes together."""
    groups: dict[tuple[str, bytes], list[int]] = defaultdict(list)
    labels = store.clips.rows["label"].to_numpy()
    first_label: dict[bytes, str] = {}
    for index in map(int, np.flatnonzero(labelled)):
        start = store.offsets[index]
        frames = store.frames[start : start + store.n_frames[index]]
        audio = hashlib.sha256(frames.tobytes()).digest()
        groups[first_label.setdefault(audio, labels[index]), audio].append(index)
    folds = np.full(len(store.clips), "", dtype=object)
    dealt: dict[str, int] = defaultdict(int)
    order = np.random.default_rng(0).permutation(len(groups))
    keys = list(groups)
    for key in (keys[position] for position in order):
        folds[groups[key]] = str(dealt[key[0]] % N_FOLDS + 1)
        dealt[key[0]] += 1
    return folds
