"""Time warping: one part of a patch faster, the other slower."""

import torch
from torch import Tensor

from soundalike.views.augmentation import Draws, uniform_integers
from soundalike.views.resampling import interpolate


def draw_warp(n: int, reach: int, n_frames: int, generator: torch.Generator) -> Draws:
    """Draw which frame of every patch moves where: ``warp_from`` and ``warp_to``.

    The frame is more than ``reach`` frames from both ends of the patch and moves by up to ``reach``
    frames either way. A patch too short for that has the longest reach that leaves it a frame,
    (n_frames - 3) // 2, and a patch under five frames is not warped.

    Shape:
        warp_from, warp_to: [n] int64.
    """
    reach = min(reach, max(n_frames - 3, 0) // 2)
    n_origins = max(n_frames - 2 * reach - 2, 1)
    origin = reach + 1 + uniform_integers(torch.full((n,), n_origins), generator)
    moved = uniform_integers(torch.full((n,), 2 * reach + 1), generator) - reach
    return {"warp_from": origin, "warp_to": origin + moved}


def warp_time(patches: Tensor, origin: Tensor, target: Tensor) -> Tensor:
    """Move one frame of every patch and stretch both sides after it, linearly.

    The first and the last frame stay where they are (corners aligned), and the frame ``origin``
    stands at ``target`` exactly.

    Shape:
        patches, result: [n, frames, bands]; origin, target: [n] int64.

    >>> patches = torch.arange(5.0).view(1, 5, 1)
    >>> warp_time(patches, origin=torch.tensor([2]), target=torch.tensor([1])).flatten()
    tensor([0.0000, 2.0000, 2.6667, 3.3333, 4.0000])
    """
    last = patches.shape[1] - 1
    frame = torch.arange(last + 1, device=patches.device)
    origin, target = origin[:, None], target[:, None]
    # Each side is measured from its own end, so both ends and the target are whole numbers.
    left = frame * origin / target
    right = last - (last - frame) * (last - origin) / (last - target)
    return interpolate(patches, torch.where(frame <= target, left, right), dim=1)
