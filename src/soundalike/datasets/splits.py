"""Which clips train, select and test: named splits, folds, or stratified folds made here."""

import dataclasses
from dataclasses import dataclass

import numpy as np
import pandas as pd

from soundalike.datasets.clips import SPLITS, ClipTable, SourceError, fold_names
from soundalike.datasets.identical import leaks
from soundalike.datasets.labels import classes_of
from soundalike.datasets.store import Store
from soundalike.datasets.stratify import stratified_ranks
from soundalike.evaluation.folds import grouped_folds

TASKS = ("noisy", "clean")
N_FOLDS = 5
SELECTION_SHARE = 0.15


@dataclass(frozen=True)
class Split:
    """Positions of clips in a store; a clip is in one of the three at most.

    Args:
        name: "test" for named splits, "clean" for the clean task, "fold 3" for a fold.
        train, validation, test: int64 positions.
    """

    name: str
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def evaluation_splits(store: Store, task: str = "noisy", seed: int = 0) -> list[Split]:
    """Return the rounds of an evaluation; only clips with a label take part.

    Named splits make one round, and each fold makes one. A source with neither gets five stratified
    folds, in which clips of one recording stay together (see `recordings_of`).

    Args:
        store: the clips.
        task: "noisy" trains on the split train and selects on validation. "clean", the small task
            of Fonseca et al. 2021, trains on 85% of the clips of each class in validation and
            selects on the rest; clips of one recording stay together. Both test on test.
        seed: random seed of the choice of the 85%.

    Raises:
        SourceError: there are no labels, or no clips to train on, to select on or to test on.
    """
    if task not in TASKS:
        raise ValueError(f"task is '{task}': give one of {', '.join(TASKS)}.")
    labeled = _labeled(store)
    if task == "clean":
        return [_clean_split(store, labeled, seed)]
    if store.clips.has_splits:
        return [_named_split(store, labeled, ("train", "test"))]
    folds = _folds(store)
    names = fold_names(folds[labeled])
    if len(names) < 2:
        raise SourceError(f"{store.clips.name}: cross-validation needs at least two folds.")
    nothing = np.zeros(0, dtype=np.int64)
    return [
        Split(
            f"fold {name}",
            np.flatnonzero(labeled & (folds != name) & (folds != "")),
            nothing,
            np.flatnonzero(labeled & (folds == name)),
        )
        for name in names
    ]


def with_splits(store: Store, seed: int) -> Store:
    """Name the splits of a store that has only folds, or only labels.

    One fold becomes test, the next one validation, and all other clips train, also those without a
    label or fold. A clip whose audio is also in a more protected split is left out, as in
    `prepare`. A store with named splits is returned unchanged.

    Args:
        store: has folds, or labels for stratified folds.
        seed: selects the test fold; as many seeds as there are folds test every clip once.

    Raises:
        SourceError: there are fewer than three folds, or no labels to make folds with.
    """
    clips = store.clips
    if clips.has_splits:
        return store
    folds = _folds(store)
    names = fold_names(folds)
    if len(names) < 3:
        raise SourceError(f"{clips.name}: train, validation and test need at least three folds.")
    split = np.full(len(clips), "train", dtype=object)
    split[folds == names[seed % len(names)]] = "test"
    split[folds == names[(seed + 1) % len(names)]] = "validation"
    rows = clips.rows.assign(split=split)
    keep = np.ones(len(clips), dtype=bool)
    keep[list(leaks(rows, store.audio))] = False
    return dataclasses.replace(store, clips=ClipTable(clips.name, rows)).select(keep)


def training_clips(clips: ClipTable, test_fold: str | None = None) -> np.ndarray:
    """Return the positions of the clips that pre-training may use: int64 [clips].

    These are the clips of the split train if there are splits, otherwise all but `test_fold`.

    Raises:
        SourceError: the fold does not exist, or no clip is left.
    """
    keep = np.ones(len(clips), dtype=bool)
    if clips.has_splits:
        keep = (clips.rows["split"] == "train").to_numpy()
    if test_fold is not None:
        if test_fold not in clips.folds:
            known = ", ".join(clips.folds) or "none"
            raise SourceError(f"{clips.name}: no fold '{test_fold}' (its folds: {known}).")
        keep = keep & (clips.rows["fold"] != test_fold).to_numpy()
    if not keep.any():
        where = "in its split 'train'" if clips.has_splits else f"outside fold '{test_fold}'"
        raise SourceError(f"{clips.name}: no clip to train on {where}.")
    return np.flatnonzero(keep)


def _labeled(store: Store) -> np.ndarray:
    labeled = (store.clips.rows["label"] != "").to_numpy()
    if not labeled.any():
        raise SourceError(
            f"{store.clips.name}: no clip has a label, and evaluation needs labels: put the "
            "sounds of each class into a folder of its own, or use a manifest with a column "
            "'label'."
        )
    return labeled


def _named_split(store: Store, labeled: np.ndarray, needed: tuple[str, ...]) -> Split:
    of = store.clips.rows["split"].to_numpy()
    parts = {split: np.flatnonzero(labeled & (of == split)) for split in SPLITS}
    for split in needed:
        if not len(parts[split]):
            raise SourceError(f"{store.clips.name}: its split '{split}' has no labeled clip.")
    return Split("test", **parts)


def _clean_split(store: Store, labeled: np.ndarray, seed: int) -> Split:
    named = _named_split(store, labeled, ("validation", "test"))
    rank, n_groups = stratified_ranks(store, named.validation, seed)
    n_selecting = np.maximum(1, np.round(SELECTION_SHARE * n_groups))
    selects = (rank < n_selecting) & (n_groups > 1)  # the only clip of a class is for training
    if not selects.any():
        raise SourceError(
            f"{store.clips.name}: its split 'validation' has one recording per class: the clean "
            "task needs two or more, to train on some and select on others."
        )
    return Split("clean", named.validation[~selects], named.validation[selects], named.test)


def _folds(store: Store) -> np.ndarray:
    """Return the fold of each clip; if no clip has one, stratified folds are made.

    Clips of one recording share a fold, those without a label too.
    """
    clips = store.clips
    if clips.folds:
        return clips.rows["fold"].to_numpy(object)
    folds = np.full(len(clips), "", dtype=object)
    labeled = np.flatnonzero(_labeled(store))
    if clips.rows["path"].is_unique:
        rank, _ = stratified_ranks(store, labeled, seed=0)
        folds[labeled] = (rank % N_FOLDS + 1).astype(str)
        return folds
    recordings = store.recordings
    first_class = clips.rows["label"].iloc[labeled].map(lambda label: classes_of(label)[0])
    fold = grouped_folds(pd.factorize(first_class)[0], recordings[labeled], N_FOLDS, seed=0)
    fold_of_recording = dict(zip(recordings[labeled], (fold + 1).astype(str), strict=True))
    folds[:] = [fold_of_recording.get(recording, "") for recording in recordings]
    return folds
