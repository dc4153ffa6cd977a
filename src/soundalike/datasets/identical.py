"""Find clips with identical audio: their log-mels are equal, byte for byte."""

import hashlib

import numpy as np
import pandas as pd

from soundalike.audio.spectrum import Spectrum
from soundalike.datasets.clips import Problem

ALSO_IN = {split: f"also in {split}" for split in ("test", "validation")}
HASH = np.dtype("S32")
_ROLES = {"validation": "validation", "train": "training"}


class AudioHash:
    """A 128-bit hash of the log-mel of a clip, computed block by block.

    Silence has no hash, because silent clips are identical without being copies of a recording.

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
        self._is_silent = True  # all values so far equal self._value

    def add(self, log_mel: np.ndarray) -> None:
        """Add the next frames.

        Shape:
            log_mel: [frames, bands].
        """
        self._sha.update(log_mel.data)
        if self._value is None:
            self._value = log_mel[0, 0]
        if self._is_silent:  # the first frame nearly always decides, and is fast to check
            self._is_silent = all((part == self._value).all() for part in (log_mel[0], log_mel))

    def digest(self, spectrum: Spectrum | None = None) -> str:
        """Return the hash of all frames so far as text; "" for silence.

        Args:
            spectrum: of the waveform. Noise that is too quiet to hear is silence in it, but not in
                the frames, which are of recordings that were made equally loud.
        """
        is_silent = self._is_silent or (spectrum is not None and spectrum.is_silent)
        return "" if is_silent else self._sha.hexdigest()[: HASH.itemsize]


def first_with_hash(hashes: np.ndarray) -> np.ndarray:
    """Return for each clip the first clip with the same hash, which is usually the clip itself.

    Shape:
        hashes: [clips] of `HASH`; result: int64 [clips].
    """
    _, first, of_clip = np.unique(hashes, return_index=True, return_inverse=True)
    return np.where(hashes == b"", np.arange(len(hashes)), first[of_clip])


def leaks(rows: pd.DataFrame, hashes: np.ndarray) -> dict[int, Problem]:
    """Find clips whose audio is also in a more protected split: test first, then validation.

    A model trained on such a clip would be tested on audio that it has memorized.

    Args:
        rows: path and split of each clip; clips without a split are ignored.
        hashes: the `AudioHash` of each clip.

    Returns:
        The clips to leave out: a `Problem` by position, in ascending order.

    Shape:
        hashes: [clips] of `HASH`.
    """
    split = rows["split"].to_numpy(object)
    protected_first = [np.flatnonzero(split == name) for name in ("test", "validation", "train")]
    order = np.concatenate(protected_first)
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
