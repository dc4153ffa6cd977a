"""Where the fixed-length patches of a clip start."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray


def patch_starts(n_frames: int, patch_frames: int, hop_frames: int) -> NDArray[np.int64]:
    """First frames of the patches that cover a clip in order; a remainder is dropped.

    Args:
        n_frames: length of the clip.
        patch_frames: length of a patch.
        hop_frames: from the start of one patch to that of the next.

    Shape:
        result: [n_patches]; empty when the clip is shorter than a patch.

    Raises:
        ValueError: a patch or a hop of no frames.

    >>> patch_starts(n_frames=210, patch_frames=101, hop_frames=50)
    array([  0,  50, 100])
    """
    if patch_frames < 1 or hop_frames < 1:
        raise ValueError(
            f"patch_frames and hop_frames must be at least 1, not {patch_frames} and {hop_frames}"
        )
    return np.arange(0, n_frames - patch_frames + 1, hop_frames, dtype=np.int64)


def cut_patches(
    blocks: Iterable[NDArray[np.float32]], patch_frames: int, hop_frames: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Cut the patches of a clip that comes in blocks, the same as from the whole of it.

    Args:
        blocks: log_mel of the clip, block by block.
        patch_frames: length of a patch.
        hop_frames: from the start of one patch to that of the next.

    Yields:
        The first frame of each patch in the clip, and the patch.

    Shape:
        each block: [frames, bands]; each patch: [patch_frames, bands].
    """
    held, first_held, start = None, 0, 0
    for block in blocks:
        held = block if held is None else np.concatenate([held, block])
        while start + patch_frames <= first_held + len(held):
            patch = held[start - first_held :][:patch_frames]
            yield start, patch
            start += hop_frames
        n_done = min(start - first_held, len(held))
        held, first_held = held[n_done:], first_held + n_done
