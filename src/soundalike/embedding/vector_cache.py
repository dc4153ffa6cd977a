"""Vectors of clips on disk: an interrupted evaluation resumes, and the next one starts at once.

A folder holds the vectors of a store's clips:

key.json       everything that the vectors depend on
0000012.npy    vectors of the windows of part 12, float32 [windows, dim]
0000012.json   how many windows each clip of the part has; marks the part as done

A part is `CLIPS_PER_PART` consecutive clips. Vectors with another key are deleted and computed
again; a part that cannot be read is computed again.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundalike import __version__
from soundalike.datasets.store import DAMAGE, Store
from soundalike.runtime.atomic import atomic_write, write_json
from soundalike.runtime.parts import RECORD, Part, cut_into_parts

Report = Callable[[NDArray[np.int64]], object]
"""Called with the positions of clips that are done, [clips]."""

FORMAT = 2  # raise it when the same key gets other vectors
CLIPS_PER_PART = 128
KEY, VECTORS = "key.json", ".npy"


def cached(
    folder: Path,
    key: dict[str, Any],
    store: Store,
    compute: Callable[[Store, Report], tuple[Tensor, Tensor]],
    report: Callable[[NDArray[np.int64], bool], object],
) -> tuple[Tensor, Tensor]:
    """Return vectors of a store's clips; compute those that are not in the folder.

    Args:
        folder: where the vectors lie, created if it does not exist; lock it first.
        key: for JSON, what the vectors depend on besides the clips.
        store: log-mels of the clips.
        compute: from some of the clips, and a function that it calls with the positions of those
            that are done, to their vectors, and the position of each vector's clip.
        report: called with the positions of clips that are done, and whether they are new: not
            those that were in the folder.

    Returns:
        What `compute` returns, of all clips.

    Shape:
        vectors: float32 [windows, dim]; positions: [windows], in increasing order.

    Raises:
        OSError: a file cannot be written.
    """
    software = {"format": FORMAT, "version": __version__, "torch": torch.__version__}
    _claim(folder, software | {"clips": content_hash(store)} | key)
    vectors, n_windows = [], []
    for part in cut_into_parts(range(len(store.clips)), CLIPS_PER_PART, folder):
        positions = np.array(part.items)
        if _is_done(part):
            report(positions, False)
        else:
            _write(part, *compute(store.select(positions), _of_part(report, positions)))
        vectors.append(torch.from_numpy(np.load(part.file(VECTORS))))
        n_windows += _n_windows(part)
    clips = torch.repeat_interleave(torch.arange(len(n_windows)), torch.tensor(n_windows))
    return torch.cat(vectors), clips


def read_cached(folder: Path, store: Store) -> tuple[Tensor, Tensor] | None:
    """Return the vectors in a folder, as `cached` does, or None if they are not of these clips.

    Args:
        folder: where the vectors lie.
        store: log-mels of the clips.
    """
    try:
        if json.loads((folder / KEY).read_text())["clips"] != content_hash(store):
            return None
        parts = list(cut_into_parts(range(len(store.clips)), CLIPS_PER_PART, folder))
        vectors = [torch.from_numpy(np.load(part.file(VECTORS))) for part in parts]
        n_windows = [n for part in parts for n in _n_windows(part)]
    except DAMAGE:
        return None
    clips = torch.repeat_interleave(torch.arange(len(n_windows)), torch.tensor(n_windows))
    return torch.cat(vectors), clips


def content_hash(store: Store) -> str:
    """Return a hash of the log-mels of a store's clips, in their order, and of their front end."""
    front_end = json.dumps(dataclasses.asdict(store.front_end), sort_keys=True)
    digest = hashlib.sha256(front_end.encode())
    digest.update(store.audio.tobytes())
    digest.update(store.n_frames.tobytes())  # silent clips have no hash of their audio
    return digest.hexdigest()


def _of_part(
    report: Callable[[NDArray[np.int64], bool], object], positions: NDArray[np.int64]
) -> Report:
    """Return the function that reports the new clips of a part, whose positions these are."""
    return lambda clips: report(positions[clips], True)


def _claim(folder: Path, key: dict[str, Any]) -> None:
    """Write the key of a new folder; delete vectors that have another key."""
    try:
        is_same = json.loads((folder / KEY).read_text()) == key
    except (OSError, ValueError):
        is_same = False
    if not is_same:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob(f"{'[0-9]' * 7}.*"):
            path.unlink()
        write_json(folder / KEY, key)


def _write(part: Part[int], vectors: Tensor, clips: Tensor) -> None:
    with atomic_write(part.file(VECTORS)) as path, path.open("wb") as file:
        np.save(file, vectors.numpy())
    part.finish(clips.bincount(minlength=len(part.items)).tolist())


def _is_done(part: Part[int]) -> bool:
    try:
        n_windows = _n_windows(part)
        vectors = np.load(part.file(VECTORS), mmap_mode="r")
        return len(n_windows) == len(part.items) and sum(n_windows) == len(vectors)
    except DAMAGE:
        return False


def _n_windows(part: Part[int]) -> list[int]:
    return json.loads(part.file(RECORD).read_text())
