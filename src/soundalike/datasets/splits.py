"""Which clips train, which select and which test: a data set's own splits, its folds, or ours."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from soundalike.datasets.clips import SPLITS, ClipTable, SourceError, fold_names
from soundalike.datasets.identical import leaks
from soundalike.datasets.store import Store
from soundalike.datasets.stratify import deal

TASKS = ("noisy", "clean")
N_FOLDS = 5
CHOOSING_SHARE = 0.15


@dataclass(frozen=True)
class Split:
    """Positions of clips in a store; the three never share a clip.

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

    Named splits make one round. Folds make one each. With neither, five stratified folds are
    made in which clips with identical audio stay together.

    Args:
        store: the clips.
        task: "noisy" learns from the split train and selects on validation. "clean", the small
            task of Fonseca et al. 2021, learns from 85 % of the split validation and selects on
            the rest, class by class; identical audio stays together. Both test on test.
        seed: of the choice of the 85 %.

    Raises:
        SourceError: there are no labels, or nothing to learn from, to choose on or to test on.
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
    """Give a store without named splits some, so that what needs them can be done with its folds.

    One fold is test, the next one validation, and everything else train, clips without a label or
    fold too. A clip whose audio is also in a more protected split is left out, as `prepare` does
    where the splits are known. Named splits are left as they are.

    Args:
        store: has folds, or labeled clips to make stratified ones of.
        seed: which fold is test: as many seeds as there are folds test every clip once.

    Raises:
        SourceError: there are fewer than three folds, or no labels to make them of.
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
    """Return the positions of the clips that pre-training may hear.

    That is the split train where there are splits, otherwise every clip but those of `test_fold`.

    Raises:
        SourceError: there is no such fold, or no clip is left.
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
        where = "its split 'train' has" if clips.has_splits else f"beside fold '{test_fold}' it has"
        raise SourceError(f"{clips.name}: {where} no clip to learn from.")
    return np.flatnonzero(keep)


def _labeled(store: Store) -> np.ndarray:
    labeled = (store.clips.rows["label"] != "").to_numpy()
    if not labeled.any():
        raise SourceError(
            f"{store.clips.name}: no clip has a label, so nothing can be tested: put the sounds of "
            "each class into a folder of its own, or give a manifest with a column 'label'."
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
    number, of = deal(store, named.validation, seed)
    n_choosing = np.maximum(1, np.round(CHOOSING_SHARE * of)) * (of > 1)  # the only one is learned
    selection_metric = number < n_choosing
    if not selection_metric.any():
        raise SourceError(
            f"{store.clips.name}: its split 'validation' has one clip a class, too few to learn "
            "from some and choose on others."
        )
    return Split(
        "clean", named.validation[~selection_metric], named.validation[selection_metric], named.test
    )


def _folds(store: Store) -> np.ndarray:
    """Return each clip's fold: its own, or where no clip has one, one of ours if it is labeled."""
    clips = store.clips
    if clips.folds:
        return clips.rows["fold"].to_numpy(object)
    folds = np.full(len(clips), "", dtype=object)
    labeled = np.flatnonzero(_labeled(store))
    number, _ = deal(store, labeled, seed=0)
    folds[labeled] = (number % N_FOLDS + 1).astype(str)
    return folds
