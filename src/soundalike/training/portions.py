"""Portions of a store that is larger than memory: which chunks, which steps, and their frames.

An epoch goes through all chunks in a random order, in portions that fit into memory; batches and
backgrounds are drawn within a portion. What a portion holds is a pure function of seed and epoch.
"""

from dataclasses import dataclass

import numpy as np

from soundalike.audio.frames import Frames
from soundalike.datasets.chunks import MEMORY_BYTES, ChunkedFrames, stretches
from soundalike.datasets.store import Store
from soundalike.training.draws import batches_of_distinct_sounds, chunk_order, clip_order
from soundalike.training.segments import cut_into_segments

MIN_CHUNKS = 3  # of a portion, each of one clip or more: a clip is mixed with two others
N_SAMPLED = 512  # segments by which a training is monitored
SAMPLED_FRAMES = 2**11  # of each, at most: 20 s


@dataclass(frozen=True)
class Portion:
    """Segments that are in memory together.

    Args:
        first_step: the first of its steps in the epoch.
        segments: which of all segments it has.
        frames: their log-mels.
        batches: the segments of each step, by their positions in the portion.
    """

    first_step: int
    segments: np.ndarray
    frames: Frames
    batches: list[np.ndarray]


class Portions:
    """The portions of every epoch.

    Args:
        store: training clips, with frames in object storage.
        longest: frames of the longest segment; None: clips are not divided.
        batch_size: most segments of a step.
        seed: random seed of the run.

    Attributes:
        clip: int64 [segments], the clip of each segment.
        sounds: int64 [segments], the recording of each segment.
        steps_per_epoch: number of steps of every epoch. They are divided over the portions by their
            segments, so an epoch leaves out or repeats up to a batch of each portion.
    """

    def __init__(self, store: Store, longest: int | None, batch_size: int, seed: int) -> None:
        assert isinstance(store.frames, ChunkedFrames)
        self.store, self.all_frames = store, store.frames
        self.batch_size, self.seed = batch_size, seed
        clips = Frames.from_arrays(np.empty((0, 1)), store.offsets, store.n_frames)
        self.segments, clip = cut_into_segments(clips, longest)
        self.clip = clip.numpy()
        self.sounds = store.recordings[self.clip]
        self.chunk = self.all_frames.chunk_of(store.offsets)
        self.chunks, self.n_segments = np.unique(self.chunk[self.clip], return_counts=True)
        self.n_portions = _n_portions(store.n_bytes, len(self.chunks))
        self.steps_per_epoch = max(len(self.clip) // batch_size, self.n_portions)

    def plan(self, epoch: int) -> list[tuple[np.ndarray, range]]:
        """Return the chunks of each portion of an epoch, and its steps; those with steps only."""
        order = chunk_order(len(self.chunks), self.seed, epoch)
        parts = np.array_split(order, self.n_portions)
        ends = np.cumsum([self.n_segments[part].sum() for part in parts])
        ends = (2 * ends * self.steps_per_epoch + ends[-1]) // (2 * ends[-1])  # rounded
        steps = map(range, [0, *ends[:-1].tolist()], ends.tolist())
        return [(self.chunks[part], own) for part, own in zip(parts, steps, strict=True) if own]

    def load(self, epoch: int, number: int) -> Portion:
        """Read a portion of an epoch.

        Raises:
            SourceError: a chunk is damaged, or of another store.
            StorageError: it cannot be read.
        """
        chunks, steps = self.plan(epoch)[number]
        clips = np.flatnonzero(np.isin(self.chunk, chunks))
        values = self.all_frames.read(self.store.offsets[clips])
        first = np.zeros(len(self.chunk), np.int64)  # of each clip's frames in `values`
        first[clips] = self.store.n_frames[clips].cumsum() - self.store.n_frames[clips]
        segments = np.flatnonzero(np.isin(self.clip, clips))
        clip = self.clip[segments]
        within = self.segments.offsets.numpy()[segments] - self.store.offsets[clip]
        n_frames = self.segments.n_frames.numpy()[segments]
        frames = Frames.from_arrays(values, first[clip] + within, n_frames)
        return Portion(steps.start, segments, frames, self._batches(epoch, number, segments, steps))

    def _batches(
        self, epoch: int, number: int, segments: np.ndarray, steps: range
    ) -> list[np.ndarray]:
        batch_size = min(self.batch_size, len(segments))
        order = clip_order(len(segments), self.seed, epoch, number)
        order = np.resize(order, len(steps) * batch_size)  # from the front again, if it is short
        sounds = self.sounds[segments]
        return batches_of_distinct_sounds(order, sounds, batch_size, self.seed, epoch)

    def sample(self) -> tuple[Frames, np.ndarray]:
        """Read segments that are spread over the store, of long ones a stretch in the middle.

        Returns:
            Their log-mels, and which of all segments they are: int64 [sampled segments].
        """
        n_sampled = min(len(self.clip), N_SAMPLED)
        chosen = np.linspace(0, len(self.clip) - 1, n_sampled).astype(np.int64)
        n_all = self.segments.n_frames.numpy()[chosen]
        n_frames = np.minimum(n_all, SAMPLED_FRAMES)
        first = self.segments.offsets.numpy()[chosen] + (n_all - n_frames) // 2
        values = np.concatenate(list(stretches(self.all_frames, first, n_frames)))
        return Frames.from_arrays(values, n_frames.cumsum() - n_frames, n_frames), chosen


def _n_portions(n_bytes: int, n_chunks: int) -> int:
    """Return how many portions a store has: two fit into memory, as the next one is fetched."""
    return max(1, min(-(-2 * n_bytes // MEMORY_BYTES), n_chunks // MIN_CHUNKS))
