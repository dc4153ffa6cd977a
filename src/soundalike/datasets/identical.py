"""Clips that are the same audio: their log-mels are the same, byte for byte."""

import hashlib

import numpy as np
import pandas as pd

from soundalike.datasets.clips import Problem

ALSO_IN = {split: f"also in {split}" for split in ("test", "validation")}
HASH = np.dtype("S32")
_ROLES = {"validation": "validation", "train": "training"}


class AudioHash:
    """A hash of the log_mel of a clip, of 128 bits, that takes it block by block.

    Silence has none: clips in which nothing ever happens are all alike, and none gives another
    away.

    >>> whole, in_blocks = AudioHash(), AudioHash()
    >>> whole.add(np.arange(6).reshape(3, 2))
    >>> in_blocks.add(np.arange(4).reshape(2, 2))
    >>> in_blocks.add(np.arange(4, 6).reshape(1, 2))
    >>> whole.digest() == in_blocks.digest()
    True
    """

    def __init__(self) -> None:
        self._sha = hashlib.sha256()
        self._value: float | None = None
        self._is_silent = True  # every value so far is that one

    def add(self, log_mel: np.ndarray) -> None:
        """Add the next frames.

        Shape:
            log_mel: [frames, bands].
        """
        self._sha.update(log_mel.data)
        if self._value is None:
            self._value = log_mel[0, 0]
        if self._is_silent:  # the first frame tells nearly always, and is much faster to look at
            self._is_silent = all((part == self._value).all() for part in (log_mel[0], log_mel))

    def digest(self) -> str:
        """Return the hash of all frames so far as text, "" for silence."""
        return "" if self._is_silent else self._sha.hexdigest()[: HASH.itemsize]


def first_with_hash(hashes: np.ndarray) -> np.ndarray:
    """Find for each clip the first one with the same hash, which is itself for most.

    Shape:
        hashes: [clips] of `HASH`; result: int64 [clips].
    """
    _, first, of_clip = np.unique(hashes, return_index=True, return_inverse=True)
    return np.where(hashes == b"", np.arange(len(hashes)), first[of_clip])


def leaks(rows: pd.DataFrame, hashes: np.ndarray) -> dict[int, Problem]:
    """Find clips that are also in a split more protected than theirs: test, then validation.

    A model that learned from such a clip would be tested on what it knows by heart.

    Args:
        rows: path and split of each clip; those without a split neither leak nor are leaked.
        hashes: the `AudioHash` of each clip.

    Returns:
        What to report of each clip to leave out, by its position, in ascending order.

    Shape:
        hashes: [clips] of `HASH`.
    """
    split = rows["split"].to_numpy(object)
    guarded_first = [np.flatnonzero(split == name) for name in ("test", "validation", "train")]
    order = np.concatenate(guarded_first)
    original = np.arange(len(rows))
    original[order] = order[first_with_hash(hashes[order])]
    path = rows["path"]
    return {
        int(clip): Problem(
            path.iloc[clip],
            ALSO_IN[split[original[clip]]],
            f"{path.iloc[clip]}: the same audio as {path.iloc[original[clip]]}, which is in the "
            f"split {split[original[clip]]}: left out of {_ROLES[split[clip]]}.",
        )
        for clip in np.flatnonzero(split != split[original])
    }
