"""Clips that share a part: they belong to one recording, and should have one label."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundalike.datasets.near_duplicates import NearDuplicate, find_near_duplicates
from soundalike.datasets.recordings import first_of_each
from soundalike.datasets.store import Store
from soundalike.embedding.vector_cache import content_hash
from soundalike.runtime.atomic import write_json

DUPLICATES = "duplicates.json"


@dataclass(frozen=True)
class DuplicatePair:
    """Two clips that share a part.

    Args:
        path, label: of the one clip.
        other_path, other_label: of the other one.
        is_across_splits: If true, their splits or folds differ.
    """

    path: str
    label: str
    other_path: str
    other_label: str
    is_across_splits: bool

    @property
    def has_different_labels(self) -> bool:
        """If true, at least one of the labels is wrong, or a class is missing in it."""
        return self.label != self.other_label


def duplicates_of(file: Path, store: Store, progress: bool = True) -> list[NearDuplicate]:
    """Find the parts that clips share; read them from a file if they have been found before.

    Args:
        file: JSON file of an earlier call, which is replaced if its clips were others.
        store: the clips.
        progress: If true, progress bars are shown on standard error.

    Raises:
        OSError: the file cannot be written.
    """
    if (known := stored_duplicates(file, store)) is not None:
        return known
    pairs = find_near_duplicates(store.clips, progress=progress).pairs
    content = {"clips": _key(store), "pairs": [dataclasses.asdict(pair) for pair in pairs]}
    write_json(file, content)
    return pairs


def stored_duplicates(file: Path, store: Store) -> list[NearDuplicate] | None:
    """Return the parts that an earlier audit has found; None if its clips were others."""
    try:
        content = json.loads(file.read_text())
        if content["clips"] == _key(store):
            return [NearDuplicate(**pair) for pair in content["pairs"]]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _key(store: Store) -> list[str]:
    return [store.clips.fingerprint(), content_hash(store)]


def pairs_of_clips(store: Store, parts: list[NearDuplicate]) -> list[DuplicatePair]:
    """Return the pairs of clips that share parts: those with different labels first."""
    labels = store.clips.rows["label"].to_numpy(object)
    of_clips = {(part.clip, part.other): part for part in parts}
    pairs = [
        DuplicatePair(
            part.path, labels[part.clip], part.other_path, labels[part.other], part.is_across_splits
        )
        for part in of_clips.values()
    ]
    return sorted(pairs, key=lambda pair: not pair.has_different_labels)


def join_recordings(
    recordings: NDArray[np.int64], parts: Sequence[NearDuplicate]
) -> NDArray[np.int64]:
    """Return the recordings of clips, if clips that share a part are of one recording.

    Shape:
        recordings, result: [clips].
    """
    from scipy.sparse import coo_array  # slow to import
    from scipy.sparse.csgraph import connected_components

    clips = np.arange(len(recordings))
    _, first = np.unique(recordings, return_inverse=True)
    ends = np.array([(part.clip, part.other) for part in parts], np.int64).reshape(-1, 2)
    rows = np.concatenate([clips, ends[:, 0]])
    columns = np.concatenate([first_of_each(first), ends[:, 1]])
    graph = coo_array((np.ones(len(rows), bool), (rows, columns)), (len(clips),) * 2)
    _, joined = connected_components(graph, directed=False)
    return first_of_each(joined)
