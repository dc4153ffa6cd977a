"""The store: the log-mels of all clips, concatenated in one memory-mapped array.

frames.npy     float16 [frames, bands], all clips one after the other; or these are in object
               storage, in chunks (`soundalike.datasets.chunks`), at the address in store.json
clips.parquet  one row per clip: its row of the table of clips, `offset` and `n_frames` in
               frames.npy, the hash of its `audio`, and size and time of its file; in object
               storage also its `chunk`, and the sums of its values and of their squares
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
from soundalike.datasets.chunks import FRAME, MEMORY_BYTES, ChunkedFrames, stretches
from soundalike.datasets.clips import ClipTable, Problem, SourceError
from soundalike.datasets.identical import HASH
from soundalike.datasets.parquet import read_parquet
from soundalike.datasets.recordings import recordings_of
from soundalike.runtime.counts import counted
from soundalike.runtime.object_storage import ObjectStorage

if TYPE_CHECKING:
    from soundalike.audio.frames import Frames

FRAMES, CLIPS, PROBLEMS, HEAD = "frames.npy", "clips.parquet", "problems.csv", "store.json"
FORMAT = 4
BLOCK_FRAMES = 2**12  # converted at a time
# Columns that clips.parquet adds to the table of clips.
INDEX = ["offset", "n_frames", "audio"]
STAMP = ["size", "modified_ns"]
CHUNK, SUMS = "chunk", ["total", "squares"]  # of a store whose frames are in object storage
ADDRESS = "frames"  # key of its head
# What damaged bytes cause; NumPy takes the head of an array apart as Python's own reader does.
DAMAGE = (OSError, EOFError, ValueError, KeyError, TypeError, tokenize.TokenError)


@dataclass(frozen=True)
class Store:
    """Log-mels of the clips of a source.

    Args:
        path: the folder.
        front_end: the front end that made the frames.
        clips: the readable clips, in the order of their frames.
        frames: float16 [frames, bands], read through the memory map, or in chunks from object
            storage, which takes slices of one clip at a time.
        offsets: int64 [clips], the first frame of each clip.
        n_frames: int64 [clips], how many frames each clip has.
        audio: bytes [clips], the `AudioHash` of each clip.
        fingerprint: fingerprint of the source's table of clips, with those that were left out.
        n_problems: number of clips that were left out.
        sums: float64 [clips, 2], the sums of each clip's values and of their squares, if its frames
            are in object storage.
    """

    path: Path
    front_end: LogMel
    clips: ClipTable
    frames: np.ndarray | ChunkedFrames
    offsets: np.ndarray
    n_frames: np.ndarray
    audio: np.ndarray
    fingerprint: str
    n_problems: int
    sums: np.ndarray | None = None

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
            sums=None if self.sums is None else self.sums[indices],
        )

    def as_frames(self) -> "Frames":
        """Return the log-mels of the clips as tensors; raises as `downloaded`."""
        from soundalike.audio.frames import Frames  # torch: slow to import, and not needed to scan

        store = self.downloaded()
        assert not isinstance(store.frames, ChunkedFrames)
        return Frames.from_arrays(store.frames, store.offsets, store.n_frames)

    def downloaded(self) -> "Store":
        """Return the same store, if its frames are in object storage with them in memory.

        Raises:
            SourceError: they are too large, or damaged there.
            StorageError: they cannot be read.
        """
        if not isinstance(self.frames, ChunkedFrames):
            return self
        if not self.fits_memory:
            raise SourceError(
                f"{self.path}: {counted(len(self.clips), 'clip')} with {self.n_bytes / 1e9:.1f} GB "
                f"of frames in object storage: this holds them in memory, and at most "
                f"{MEMORY_BYTES / 1e9:g} GB: take fewer clips (for the kNN monitor, "
                "--monitor.max_clips), or a store on this disk."
            )
        return self._with_frames(self.frames.read(self.offsets))

    def in_memory(self) -> "Store":
        """Return a store that holds the frames of its clips, and no others, in memory.

        It raises as `downloaded`.
        """
        if isinstance(self.frames, ChunkedFrames):
            return self.downloaded()
        log_mels = stretches(self.frames, self.offsets, self.n_frames)
        return self._with_frames(np.concatenate(list(log_mels)))

    def _with_frames(self, frames: np.ndarray) -> "Store":
        offsets = np.cumsum(self.n_frames) - self.n_frames
        return dataclasses.replace(self, frames=frames, offsets=offsets, sums=None)

    @property
    def n_bytes(self) -> int:
        """Size of the clips' frames."""
        return int(self.n_frames.sum()) * self.front_end.n_mels * FRAME.itemsize

    @property
    def fits_memory(self) -> bool:
        """Whether the clips' frames may be held in memory: at most `MEMORY_BYTES`."""
        return self.n_bytes <= MEMORY_BYTES

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
        rows = read_parquet(path / CLIPS)
        offsets, n_frames, audio = (rows[name].to_numpy(copy=True) for name in INDEX)
        front_end, sums = LogMel(**head["front_end"]), None
        frames: np.ndarray | ChunkedFrames
        if address := head.get(ADDRESS):
            storage, chunk = ObjectStorage(address), rows[CHUNK].to_numpy(np.int64)
            hashes = audio.astype(HASH)
            frames = ChunkedFrames(storage, front_end.n_mels, offsets, n_frames, hashes, chunk)
            sums = rows[SUMS].to_numpy(np.float64)
        else:
            # Not copy-on-write: the system refuses to map more of that than fits into memory.
            frames = np.load(path / FRAMES, mmap_mode="r" if head["n_frames"] else None)
        return Store(
            path=path,
            front_end=front_end,
            clips=ClipTable(
                head["source"],
                rows.drop(columns=[*INDEX, *STAMP, CHUNK, *SUMS], errors="ignore"),
                notes=head.get("advice", []),
                root=head.get("root", ""),
            ),
            frames=frames,
            offsets=offsets,
            n_frames=n_frames,
            audio=audio.astype(HASH),
            fingerprint=head["clips"],
            n_problems=head["n_problems"],
            sums=sums,
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
