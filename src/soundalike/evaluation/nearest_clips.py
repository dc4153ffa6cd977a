"""The nearest clips of other recordings."""

import numpy as np
import torch
from numpy.typing import NDArray

from soundalike.evaluation.neighbors import similarities_of

SIMILARITIES_AT_ONCE = 2**24  # 64 MB of float32


def nearest_clips(
    vectors: NDArray[np.float32], recordings: NDArray[np.integer], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the most similar clips of each clip that are of other recordings.

    Memory grows with the number of clips, not with its square.

    Args:
        vectors: of unit length.
        recordings: which recording each clip is of.
        k: number of neighbors.

    Shape:
        vectors: [clips, dim]; recordings: [clips]; results: [clips, k], or fewer columns if there
        are fewer clips.

    Returns:
        Positions, the nearest first, -1 where there is no further clip; and cosine similarities,
        0 there.

    >>> vectors = np.array([[1, 0], [1, 0], [0.8, 0.6], [0, 1]], np.float32)
    >>> positions, similarities = nearest_clips(vectors, np.array([0, 0, 1, 2]), k=2)
    >>> positions.tolist()
    [[2, 3], [2, 3], [0, 1], [2, 0]]
    """
    order = np.argsort(recordings, kind="stable")
    groups = recordings[order]
    own = np.stack([np.searchsorted(groups, groups, side) for side in ("left", "right")], axis=1)
    references = torch.from_numpy(np.ascontiguousarray(vectors[order], dtype=np.float32))
    n_clips = len(order)
    k = max(0, min(k, n_clips - 1))
    positions = np.full((n_clips, k), -1, np.int64)
    similarities = np.zeros((n_clips, k), np.float32)
    n_rows = max(1, SIMILARITIES_AT_ONCE // max(1, n_clips))
    for first in range(0, n_clips if k else 0, n_rows):
        rows = slice(first, first + n_rows)
        values = similarities_of(references[rows], references, torch.from_numpy(own[rows])).numpy()
        # Those that tie are in the order of the clips.
        nearest = np.argpartition(-values, k - 1, axis=1)[:, :k]
        nearest = np.sort(nearest, axis=1)
        value = np.take_along_axis(values, nearest, axis=1)
        by_value = np.argsort(-value, axis=1, kind="stable")
        nearest = np.take_along_axis(nearest, by_value, axis=1)
        value = np.take_along_axis(value, by_value, axis=1)
        is_other = np.isfinite(value)
        positions[order[rows]] = np.where(is_other, order[nearest], -1)
        similarities[order[rows]] = np.where(is_other, value, 0)
    return positions, similarities
