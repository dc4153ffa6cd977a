"""Which patches of a clip are active: two views of silence contain nothing to learn from."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from soundalike.audio.frames import Frames

BLOCK_FRAMES = 2**16  # per block, so that a store larger than memory can be processed


class Activity:
    """Decide whether patches are active.

    A frame is active if its energy, summed over the bands, is less than ``activity_threshold_db``
    below that of the clip's loudest frame. A patch is active if a quarter of its frames are active,
    or all active frames of the clip if those are fewer.

    Args:
        frames: log-mels of all clips.
        activity_threshold_db: how far below the loudest frame an active frame may be, in dB.
    """

    def __init__(self, frames: Frames, activity_threshold_db: float) -> None:
        offsets, n_frames = frames.offsets, frames.n_frames
        levels = torch.cat(list(_levels(frames.values)))
        active = torch.zeros(len(levels) + 1, dtype=torch.int32)
        for clips in _blocks(n_frames):
            clip = torch.repeat_interleave(n_frames[clips])
            before = n_frames[clips].cumsum(0) - n_frames[clips]
            # The row of each clip's frames among all frames.
            row = torch.arange(len(clip)) + (offsets[clips] - before)[clip]
            loudest = torch.full((len(clips),), -torch.inf)
            loudest.scatter_reduce_(0, clip, levels[row], "amax")
            active[row + 1] = (levels[row] >= loudest[clip] - activity_threshold_db / 10).int()
        self.n_active_before = active.cumsum(0, dtype=torch.int32)  # each of all frames
        self.offsets = offsets
        self.n_active = self._count(offsets, n_frames)

    def of_patches(self, clips: Tensor, starts: Tensor, patch_frames: int) -> Tensor:
        """Return whether each patch is active.

        Args:
            clips: index of the clip of each patch.
            starts: first frame of each patch in its clip.
            patch_frames: frames of a patch.

        Shape:
            clips, starts: [...]; result: [...] bool.
        """
        n_needed = self.n_active[clips].clamp(max=patch_frames // 4)
        return self._count(self.offsets[clips] + starts, patch_frames) >= n_needed

    def _count(self, first: Tensor, n_frames: Tensor | int) -> Tensor:
        """Return how many of the frames from ``first`` on are active."""
        return self.n_active_before[first + n_frames] - self.n_active_before[first]


def _blocks(n_frames: Tensor) -> Sequence[Tensor]:
    """Return the indices of successive clips, of about `BLOCK_FRAMES` frames or of one clip."""
    block = n_frames.cumsum(0) // BLOCK_FRAMES
    _, n_clips = block.unique_consecutive(return_counts=True)
    return torch.arange(len(n_frames)).split(n_clips.tolist())


def _levels(values: Tensor) -> Iterator[Tensor]:
    """Yield the log10 energy of every frame, summed over its bands, block by block."""
    for block in values.split(BLOCK_FRAMES):
        yield torch.pow(10, block.float()).sum(dim=1).log10().cpu()
