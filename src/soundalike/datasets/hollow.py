"""Scores that would mean nothing: one class, silence, classes that nothing was trained on."""

from collections.abc import Sequence

import numpy as np

from soundalike.datasets.clips import SourceError
from soundalike.datasets.labels import classes_of
from soundalike.datasets.rows import divided_recordings
from soundalike.datasets.splits import Split
from soundalike.datasets.store import PROBLEMS, Store
from soundalike.runtime.counts import counted


def refuse_hollow(store: Store, splits: Sequence[Split]) -> None:
    """Refuse splits on which a constant answer would be perfect, or that test silence.

    Args:
        store: the clips.
        splits: the rounds, as `evaluation_splits` makes them.

    Raises:
        SourceError: the test clips of all splits have the same classes, or none of them sounds.
    """
    tested = np.concatenate([split.test for split in splits])
    labels = store.clips.rows["label"].iloc[tested].unique()
    if len({frozenset(classes_of(label)) for label in labels}) < 2:
        raise SourceError(
            f"{store.clips.name}: only '{labels[0]}' among {counted(len(tested), 'test clip')}, "
            "so this answer would always be right: evaluation needs test clips of at least two "
            "classes."
        )
    if (store.audio[tested] == b"").all():
        raise SourceError(
            f"{store.clips.name}: only silence in {counted(len(tested), 'test clip')}: soundalike "
            "scan says where."
        )


def notes_on_scores(store: Store, splits: Sequence[Split], n_unlabeled: int = 0) -> list[str]:
    """Return a line for each reason to doubt a score, and on clips that are not scored.

    Test clips of a class without training clips count as errors, since a model in use would get
    them wrong too.

    Args:
        store: the labeled clips.
        splits: the rounds.
        n_unlabeled: clips that were left out, since they have no label.
    """
    notes = divided_recordings(store.clips.rows)
    untrained = {
        name
        for split in splits
        for name in _classes_of(store, split.test) - _classes_of(store, split.train)
    }
    if untrained:
        notes.append(
            f"no training clips in some round: {_in_words(untrained)}; their test clips count as "
            "errors"
        )
    tested, recordings = np.concatenate([split.test for split in splits]), store.recordings
    n_recordings = {
        name: len(np.unique(recordings[clips]))
        for name, clips in _clips_by_class(store, tested).items()
    }
    if once := {name for name, n in n_recordings.items() if n == 1} - untrained:
        notes.append(f"tested on one recording only: {_in_words(once)}")
    if n_silent := int((store.audio[tested] == b"").sum()):
        notes.append(f"silent: {counted(n_silent, 'test clip')}")
    if n_unlabeled:
        notes.append(f"without a label, so not scored: {counted(n_unlabeled, 'clip')}")
    if store.n_problems:
        n_clips = counted(store.n_problems, "clip")
        notes.append(f"skipped: {n_clips}, listed in {store.path / PROBLEMS}")
    return notes


def _clips_by_class(store: Store, clips: np.ndarray) -> dict[str, list[int]]:
    by_class: dict[str, list[int]] = {}
    for clip, label in zip(clips.tolist(), store.clips.rows["label"].iloc[clips], strict=True):
        for name in classes_of(label):
            by_class.setdefault(name, []).append(clip)
    return by_class


def _classes_of(store: Store, clips: np.ndarray) -> set[str]:
    labels = store.clips.rows["label"].iloc[clips].unique()
    return {name for label in labels for name in classes_of(label)}


def _in_words(names: set[str], n_shown: int = 5) -> str:
    shown = ", ".join(sorted(names)[:n_shown])
    return f"{shown} and {len(names) - n_shown:,} more" if len(names) > n_shown else shown
