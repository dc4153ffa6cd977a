"""Mean and standard deviation of the pre-training set, which are part of the model ever after."""

from collections.abc import Iterator

import numpy as np

from soundalike.datasets.store import Store

SAMPLE_FRAMES = 2**24  # 46 hours of the default front end, more than FSDnoisy18k has
RUN_FRAMES = 2**17  # read on end: 25 MB, several times what a system reads ahead
PIECE_FRAMES = 2**14  # in float64 at a time


def log_mel_mean_and_std(store: Store) -> tuple[float, float]:
    """Return mean and standard deviation over the log-mel values of a store's clips.

    One number each for all bands (Fonseca et al. 2021). Up to `SAMPLE_FRAMES` every frame counts.
    Of a larger store about so many do, in runs of `RUN_FRAMES` spread evenly over its clips: a
    million sounds take hundreds of GB, and a hundred places tell their statistics as well. Summed
    in float64, a clip at most at a time, so memory stays bounded; the deviation is the square root
    of the mean square, about the mean.
    """
    every = -(-int(store.n_frames.sum()) // SAMPLE_FRAMES)
    n_passed, n_values, total, squares = 0, 0, 0.0, 0.0
    for start, stop in _stretches(store):
        if n_passed // RUN_FRAMES % every == 0:
            values = store.frames[start:stop].astype(np.float64)
            n_values += values.size
            total += values.sum()
            squares += np.square(values).sum()
        n_passed += stop - start
    mean = total / n_values
    return float(mean), float(np.sqrt(max(squares / n_values - mean**2, 1e-12)))


def _stretches(store: Store) -> Iterator[tuple[int, int]]:
    """Yield the first frame and the end of every clip, of a long one in several pieces."""
    for start, length in zip(store.offsets.tolist(), store.n_frames.tolist(), strict=True):
        for first in range(start, start + length, PIECE_FRAMES):
            yield first, min(first + PIECE_FRAMES, start + length)
