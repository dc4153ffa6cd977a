"""Mean and standard deviation of the log-mels of a training set."""

from collections.abc import Iterator

import numpy as np

from soundalike.datasets.chunks import FRAME
from soundalike.datasets.store import Store

SAMPLE_FRAMES = 2**24  # 46 hours of the default front end, more than FSDnoisy18k has
RUN_FRAMES = 2**17  # read in sequence: 25 MB, several times the read-ahead of a system
PIECE_FRAMES = 2**14  # in float64 at a time


def log_mel_mean_and_std(store: Store) -> tuple[float, float]:
    """Return mean and standard deviation over the log-mel values of a store's clips.

    All bands share one mean and one deviation (Fonseca et al. 2021). Up to `SAMPLE_FRAMES` frames,
    every frame counts. Of a larger store, about that many frames are read, in runs of `RUN_FRAMES`
    spread evenly over its clips, because reading hundreds of GB would not change the result
    noticeably. Sums are in float64, over one clip or less at a time, so memory stays bounded. A
    store in object storage has the sums of each clip.
    """
    if store.sums is not None:
        total, squares = store.sums.cumsum(axis=0)[-1].tolist()  # in sequence, as below
        return _mean_and_std(store.n_bytes // FRAME.itemsize, total, squares)
    stride = -(-int(store.n_frames.sum()) // SAMPLE_FRAMES)
    n_passed, n_values, total, squares = 0, 0, 0.0, 0.0
    for start, stop in _stretches(store):
        if n_passed // RUN_FRAMES % stride == 0:
            piece = store.frames[start:stop]
            n_values += piece.size
            total, squares = np.add((total, squares), sums(piece))
        n_passed += stop - start
    return _mean_and_std(n_values, total, squares)


def sums(frames: np.ndarray) -> tuple[float, float]:
    """Return the sum of the values of some frames, and of their squares.

    Shape:
        frames: float16 [frames, bands].
    """
    total = squares = 0.0
    for first in range(0, len(frames), PIECE_FRAMES):
        values = frames[first : first + PIECE_FRAMES].astype(np.float64)
        total += float(values.sum())
        squares += float(np.square(values).sum())
    return total, squares


def _mean_and_std(n_values: int, total: float, squares: float) -> tuple[float, float]:
    mean = total / n_values
    return float(mean), float(np.sqrt(max(squares / n_values - mean**2, 1e-12)))


def _stretches(store: Store) -> Iterator[tuple[int, int]]:
    """Yield the start and the end of every clip, in frames; long clips come in several pieces."""
    for start, length in zip(store.offsets.tolist(), store.n_frames.tolist(), strict=True):
        for first in range(start, start + length, PIECE_FRAMES):
            yield first, min(first + PIECE_FRAMES, start + length)
