"""Clips that are the same audio: their log-mels are the same, byte for byte."""

import hashlib

import numpy as np
import pandas as pd

from soundalike.datasets.clips import Problem

ALSO_IN = {split: f"also in {split}" for split in ("test", "validation")}
_ROLES = {"validation": "validation", "train": "training"}


def first_identical(frames: np.ndarray, offsets: np.ndarray, n_frames: np.ndarray) -> np.ndarray:
    """Find for each clip the first one with the same audio, which is itself for most.

    Silence is no copy: clips in which nothing ever happens are all alike, and none gives another
    away. The frames are hashed where they lie, so they may be a memory map larger than memory.

    Args:
        frames: log-mels of all clips.
        offsets: first frame of each clip.
        n_frames: how many frames each clip has.

    Shape:
        frames: [frames, bands]; offsets, n_frames: [clips]; result: int64 [clips].
    """
    first = np.arange(len(offsets))
    seen: dict[bytes, int] = {}
    for clip, (start, length) in enumerate(zip(offsets, n_frames, strict=True)):
        log_mel = frames[start : start + length]
        original = seen.setdefault(hashlib.sha256(log_mel.data).digest(), clip)
        if original != clip and log_mel.min() < log_mel.max():
            first[clip] = original
    return first


def leaks(
    rows: pd.DataFrame, frames: np.ndarray, offsets: np.ndarray, n_frames: np.ndarray
) -> dict[int, Problem]:
    """Find clips that are also in a split more protected than theirs: test, then validation.

    A model that learned from such a clip would be tested on what it knows by heart.

    Args:
        rows: path and split of each clip; those without a split neither leak nor are leaked.
        frames: log-mels of all clips.
        offsets: first frame of each clip.
        n_frames: how many frames each clip has.

    Returns:
        What to report of each clip to leave out, by its position, in ascending order.
    """
    split = rows["split"].to_numpy(object)
    guarded_first = [np.flatnonzero(split == name) for name in ("test", "validation", "train")]
    order = np.concatenate(guarded_first)
    original = np.arange(len(rows))
    original[order] = order[first_identical(frames, offsets[order], n_frames[order])]
    path = rows["path"].to_numpy(object)
    return {
        int(clip): Problem(
            path[clip],
            ALSO_IN[split[original[clip]]],
            f"{path[clip]}: the same audio as {path[original[clip]]}, which is in the split "
            f"{split[original[clip]]}: left out of {_ROLES[split[clip]]}.",
        )
        for clip in np.flatnonzero(split != split[original])
    }
