"""Where in a clip something happens: two views of its silence say nothing of the clip."""

from collections.abc import Iterator

import torch
from torch import Tensor

# Frames looked at a time, so that a store larger than memory can be gone through.
FRAMES_AT_ONCE = 2**16


class Activity:
    """Tell of any patch whether something happens in it.

    A frame is active if its energy, summed over the bands, is within so many decibels of the
    clip's loudest frame. A patch is active if a quarter of its frames are, or, in a clip with less
    than that, all of the clip's.

    Args:
        frames: log10-mel energies of all clips, end to end.
        offsets: first frame of every clip.
        n_frames: frames of every clip.
        activity_threshold_db: how far below the loudest frame, in dB.

    Shape:
        frames: [total_frames, bands]; offsets, n_frames: [n_clips].
    """

    def __init__(
        self, frames: Tensor, offsets: Tensor, n_frames: Tensor, activity_threshold_db: float
    ) -> None:
        levels = torch.cat(list(_levels(frames)))
        clip = torch.repeat_interleave(torch.arange(len(offsets)), n_frames)
        before_clip = offsets - (n_frames.cumsum(0) - n_frames)
        place = torch.arange(len(clip)) + before_clip[clip]  # of each clip's frames in the store
        loudest = torch.full((len(offsets),), -torch.inf)
        loudest.scatter_reduce_(0, clip, levels[place], "amax")
        active = torch.zeros(len(frames) + 1, dtype=torch.int32)
        active[place + 1] = (levels[place] >= loudest[clip] - activity_threshold_db / 10).int()
        self.n_active_before = active.cumsum(0, dtype=torch.int32)  # each frame of the store
        self.offsets = offsets
        self.n_active = self._between(offsets, n_frames)

    def of_patches(self, clips: Tensor, starts: Tensor, patch_frames: int) -> Tensor:
        """Return whether something happens in a patch.

        Shape:
            clips, starts: [...]; result: [...] bool.
        """
        needed = self.n_active[clips].clamp(max=patch_frames // 4)
        return self._between(self.offsets[clips] + starts, patch_frames) >= needed

    def _between(self, first: Tensor, n_frames: Tensor | int) -> Tensor:
        return self.n_active_before[first + n_frames] - self.n_active_before[first]


def _levels(frames: Tensor) -> Iterator[Tensor]:
    """Yield the log10 energy of every frame, summed over its bands."""
    for part in frames.split(FRAMES_AT_ONCE):
        power = torch.pow(10, part.float())
        yield power.sum(dim=1).log10().cpu()
