"""The store: the log-mels of all clips, concatenated in one memory-mapped array.

frames.npy     float16 [frames, bands], all clips one after the other
clips.parquet  one row per clip: its row of the table of clips, `offset` and `n_frames` in
               frames.npy, the hash of its `audio`, and size and time of its file
problems.csv   clips that were left out, and why
store.json     the front end's settings, the counts, and advice on clips outside the front end's
               band; written last, so it marks a finished store
"""

import dataclasses
import json
import os
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import ClipTable, Problem, SourceError
from soundalike.datasets.identical import HASH
from soundalike.datasets.recordings import recordings_of

if TYPE_CHECKING:
    from soundalike.audio.frames import Frames

FRAMES, CLIPS, PROBLEMS, HEAD = "frames.npy", "clips.parquet", "problems.csv", "store.json"
FORMAT = 4
BLOCK_FRAMES = 2**12  # converted at a time
# Columns that clips.parquet adds to the table of clips.
INDEX = ["offset", "n_frames", "audio"]
STAMP = ["size", "modified_ns"]
# What damaged bytes cause; NumPy takes the head of an array apart as Python's own reader does.
DAMAGE = (OSError, EOFError, ValueError, KeyError, TypeError, tokenize.TokenError)


@dataclass(frozen=True)
class Store:
    """Log-mels of the clips of a source.

    Args:
        path: the folder.
        front_end: the front end that made the frames.
        clips: the readable clips, in the order of their frames.
        frames: float16 [frames, bands], read through the memory map.
        offsets: int64 [clips], the first frame of each clip.
        n_frames: int64 [clips], how many frames each clip has.
        audio: bytes [clips], the `AudioHash` of each clip.
        fingerprint: fingerprint of the source's table of clips, with those that were left out.
        n_problems: number of clips that were left out.
    """

    path: Path
    front_end: LogMel
    clips: ClipTable
    frames: np.ndarray
    offsets: np.ndarray
    n_frames: np.ndarray
    audio: np.ndarray
    fingerprint: str
    n_problems: int

    def of_clip(self, index: int) -> np.ndarray:
        """Return the log_mel of one clip, float32 [frames, bands]."""
        start = self.offsets[index]
        return self.frames[start : start + self.n_frames[index]].astype(np.float32)

    def blocks(self, index: int) -> Iterator[np.ndarray]:
        """Yield the log_mel of one clip in blocks, float32 [frames, bands]."""
        start, stop = self.offsets[index], self.offsets[index] + self.n_frames[index]
        for first in range(start, stop, BLOCK_FRAMES):
            yield self.frames[first : min(first + BLOCK_FRAMES, stop)].astype(np.float32)

    def log_mels(self) -> Iterator[np.ndarray]:
        """Yield the log_mel of every clip, float32 [frames, bands]."""
        return map(self.of_clip, range(len(self.clips)))

    def select(self, indices: np.ndarray) -> "Store":
        """Return a store of some of the clips; the frames are shared.

        Shape:
            indices: int64 [selected clips], positions of clips.
        """
        return dataclasses.replace(
            self,
            clips=self.clips.where(indices),
            offsets=self.offsets[indices],
            n_frames=self.n_frames[indices],
            audio=self.audio[indices],
        )

    def as_frames(self) -> "Frames":
        """Return the log-mels of the clips as tensors, read through the memory map."""
        from soundalike.audio.frames import Frames  # torch: slow to import, and not needed to scan

        return Frames.from_arrays(self.frames, self.offsets, self.n_frames)

    @property
    def recordings(self) -> np.ndarray:
        """The first clip of each clip's recording, see `recordings_of`: int64 [clips]."""
        return recordings_of(self.clips.rows["path"].to_numpy(object), self.audio)

    @property
    def hours(self) -> float:
        """Total duration of the clips, in hours."""
        return float(self.n_frames.sum()) * self.front_end.hop_s / 3600


def is_store(path: Path) -> bool:
    """Tell whether a folder is a finished store."""
    return os.path.isfile(path / HEAD)


def open_store(path: Path) -> Store:
    """Open a finished store.

    Raises:
        SourceError: the folder is not a store, or this version cannot read it.
    """
    try:
        head = json.loads((path / HEAD).read_text())
        if head["format"] != FORMAT:
            raise SourceError(f"{path}: made by another version of soundalike: prepare it again.")
        # Not copy-on-write: the system refuses to map more of that than fits into memory.
        frames = np.load(path / FRAMES, mmap_mode="r" if head["n_frames"] else None)
        rows = pd.read_parquet(path / CLIPS)
        offsets, n_frames, audio = (rows[name].to_numpy(copy=True) for name in INDEX)
        return Store(
            path=path,
            front_end=LogMel(**head["front_end"]),
            clips=ClipTable(
                head["source"],
                rows.drop(columns=[*INDEX, *STAMP]),
                notes=head.get("advice", []),
                root=head.get("root", ""),
            ),
            frames=frames,
            offsets=offsets,
            n_frames=n_frames,
            audio=audio.astype(HASH),
            fingerprint=head["clips"],
            n_problems=head["n_problems"],
        )
    except DAMAGE as error:
        raise _damaged(path, error) from None


def read_problems(store: Path) -> list[Problem]:
    """Return the clips that a store left out, from its ``problems.csv``.

    Raises:
        SourceError: the file is damaged.
    """
    try:
        rows = pd.read_csv(store / PROBLEMS, dtype=str, keep_default_na=False)
        return [Problem(*row) for row in rows.itertuples(index=False)]
    except DAMAGE as error:
        raise _damaged(store, error) from None


def _damaged(path: Path, error: Exception) -> SourceError:
    reason = str(error).partition("\n")[0]
    return SourceError(
        f"{path}: the store is damaged ({reason}): delete the folder and prepare it again."
    )


def differing_key(settings: dict, others: dict) -> str | None:
    """Return the first difference of two front ends, as ``n_mels is 96 there and 64 here``."""
    for key in settings:
        if settings[key] != others.get(key):
            return f"{key} is {others.get(key)} there and {settings[key]} here"
    return None
