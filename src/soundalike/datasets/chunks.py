"""Frames of a store in object storage: chunks of whole clips, read one by one or in parts.

A chunk is a file of litdata's format (https://github.com/Lightning-AI/litdata), little-endian:

    number of clips n, uint32
    n + 1 offsets, uint32    first byte of each clip in the file; the last one is the file's size
    n clips                  number of bytes, uint32; then the frames, float16 [frames, bands]

All of it follows from the lengths of the clips and from the chunk that each is in, so nothing but
frames is read. Nothing is unpickled, which litdata itself does if an index says so.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from soundalike.datasets.clips import SourceError
from soundalike.datasets.identical import AudioHash
from soundalike.runtime.object_storage import ObjectStorage

CHUNK_BYTES = 64 * 2**20  # of frames, and at most a clip more
MEMORY_BYTES = 2 * 10**9  # of frames that are in memory at a time
N_CHUNKS = 4  # that are read at a time
N_REQUESTS = 16  # for stretches, at a time
WHOLE_FROM = 0.25  # share of a chunk
WORD = np.dtype("<u4")
FRAME = np.dtype("<f2")


def assign_chunks(n_frames: np.ndarray, n_bands: int) -> np.ndarray:
    """Return the chunk of each clip: int64 [clips].

    Clips are shuffled over the chunks, always in the same way, so that any chunk is a sample of all
    clips, also where a source lists one class after the other.

    Shape:
        n_frames: int64 [clips].
    """
    order = np.random.default_rng(0).permutation(len(n_frames))
    n_bytes = n_frames[order] * n_bands * FRAME.itemsize
    _, chunk = np.unique((n_bytes.cumsum() - n_bytes) // CHUNK_BYTES, return_inverse=True)
    return chunk[order.argsort()]


def chunk_name(chunk: int) -> str:
    """Return the name of a chunk's file, as litdata gives it."""
    return f"chunk-0-{chunk}.bin"


def pack(clips: list[np.ndarray]) -> bytes:
    """Return the content of a chunk's file.

    Args:
        clips: float16 [frames, bands] each.
    """
    sizes = np.array([clip.nbytes for clip in clips])
    first = (len(clips) + 2) * WORD.itemsize
    offsets = first + np.concatenate([[0], (sizes + WORD.itemsize).cumsum()])
    parts = [np.array([len(clips), *offsets], WORD).tobytes()]
    for size, clip in zip(sizes, clips, strict=True):
        parts += [WORD.type(size).tobytes(), clip.astype(FRAME).tobytes()]
    return b"".join(parts)


def stretches(
    frames: "np.ndarray | ChunkedFrames", first: np.ndarray, n_frames: np.ndarray
) -> Iterator[np.ndarray]:
    """Yield stretches of clips, float16 [frames, bands].

    From object storage, many are asked for at a time, and they wait in memory.

    Args:
        frames: of all clips of a store.
        first: the first frame of each stretch.
        n_frames: how many it has.

    Shape:
        first, n_frames: int64 [stretches].
    """
    parts = [slice(a, a + n) for a, n in zip(first.tolist(), n_frames.tolist(), strict=True)]
    if not isinstance(frames, ChunkedFrames):
        yield from map(frames.__getitem__, parts)
        return
    with ThreadPoolExecutor(N_REQUESTS) as pool:
        yield from pool.map(frames.__getitem__, parts)


@dataclass(frozen=True)
class ChunkedFrames:
    """The frames of all clips of a store, numbered as in its one array, and read from chunks.

    Args:
        storage: where the chunks are.
        n_bands: bands of a frame.
        offsets: the first frame of each clip, in ascending order.
        n_frames: how many frames each clip has.
        audio: `AudioHash` of each clip.
        chunk: the chunk of each clip.

    Shape:
        offsets, n_frames, chunk: int64 [clips]; audio: bytes [clips].
    """

    storage: ObjectStorage
    n_bands: int
    offsets: np.ndarray
    n_frames: np.ndarray
    audio: np.ndarray
    chunk: np.ndarray

    def __getitem__(self, part: slice) -> np.ndarray:
        """Read a stretch of one clip: float16 [frames, bands].

        Raises:
            SourceError: the chunk is damaged.
            StorageError: it cannot be read.
        """
        clip = self._clips_at(np.array([part.start]))[0]
        within = int(part.start - self.offsets[clip])
        n_frames = max(min(part.stop - part.start, int(self.n_frames[clip]) - within), 0)
        chunk, row = int(self.chunk[clip]), self.n_bands * FRAME.itemsize
        start = int(self.positions[clip]) + within * row
        content = self.storage.read(chunk_name(chunk), start, n_frames * row)
        if len(content) < n_frames * row:
            raise self._damaged(chunk)
        return np.frombuffer(content, FRAME).reshape(n_frames, self.n_bands)

    def read(self, offsets: np.ndarray) -> np.ndarray:
        """Read some clips, and compare them with their hashes; silent clips have none.

        Where a chunk has many of them, it is read whole.

        Args:
            offsets: the first frame of each.

        Shape:
            offsets: int64 [some clips]; result: float16 [their frames, bands], one after the other.

        Raises:
            SourceError: a chunk is damaged, or of another store.
            StorageError: it cannot be read.
        """
        clips = self._clips_at(offsets)
        ends = self.n_frames[clips].cumsum()
        values = np.empty((ends[-1] if len(ends) else 0, self.n_bands), FRAME)

        def read_from(chunk: int) -> None:
            places = np.flatnonzero(self.chunk[clips] == chunk)
            n_frames_there = self.n_frames[self.chunk == chunk].sum()
            is_whole = self.n_frames[clips[places]].sum() > n_frames_there * WHOLE_FROM
            content = self.storage.read(chunk_name(chunk)) if is_whole else None
            for end, clip in zip(ends[places], clips[places], strict=True):
                values[end - self.n_frames[clip] : end] = self._clip(clip, content)

        with ThreadPoolExecutor(N_CHUNKS) as pool:
            list(pool.map(read_from, np.unique(self.chunk[clips]).tolist()))
        return values

    def chunk_of(self, offsets: np.ndarray) -> np.ndarray:
        """Return the chunk of some clips, by the first frame of each: int64 [some clips]."""
        return self.chunk[self._clips_at(offsets)]

    @cached_property
    def positions(self) -> np.ndarray:
        """The first byte of each clip's frames in the file of its chunk: int64 [clips]."""
        order = np.argsort(self.chunk, kind="stable")
        chunk = self.chunk[order]
        n_bytes = WORD.itemsize + self.n_frames[order] * self.n_bands * FRAME.itemsize
        n_before = n_bytes.cumsum() - n_bytes
        _, first, n_clips = np.unique(chunk, return_index=True, return_counts=True)
        header = np.repeat((n_clips + 3) * WORD.itemsize - n_before[first], n_clips)
        positions = np.empty(len(order), np.int64)
        positions[order] = n_before + header
        return positions

    def _clips_at(self, offsets: np.ndarray) -> np.ndarray:
        """Return the clips that frames are of."""
        return np.searchsorted(self.offsets, offsets, side="right") - 1

    def _clip(self, clip: int, content: bytes | None) -> np.ndarray:
        """Return a clip: float16 [frames, bands].

        Args:
            clip: which.
            content: of its chunk's file, if that has been read.
        """
        first, n_frames = int(self.offsets[clip]), int(self.n_frames[clip])
        audio = AudioHash()
        try:
            if content is None:
                frames = self[first : first + n_frames]
            else:
                n_values, start = n_frames * self.n_bands, int(self.positions[clip])
                frames = np.frombuffer(content, FRAME, n_values, start)
                frames = frames.reshape(n_frames, self.n_bands)
            audio.add(frames)
        except (ValueError, IndexError):
            raise self._damaged(int(self.chunk[clip])) from None
        if self.audio[clip] and audio.digest().encode() != self.audio[clip]:
            raise self._damaged(int(self.chunk[clip]))
        return frames

    def _damaged(self, chunk: int) -> SourceError:
        return SourceError(
            f"{self.storage.address}/{chunk_name(chunk)}: damaged, or of another store: prepare "
            "the store again, in a new folder and at a new address."
        )
