"""Time warping: speed up one part of a patch and slow down the other."""

import torch
from torch import Tensor

from soundalike.views.augmentation import Draws, uniform_integers
from soundalike.views.resampling import interpolate


def draw_warp(n: int, reach: int, n_frames: int, generator: torch.Generator) -> Draws:
    """Draw which frame of every patch moves to which position: ``warp_from`` and ``warp_to``.

    The frame is more than ``reach`` frames from both ends of the patch and moves by up to ``reach``
    frames in either direction. In short patches the reach is limited to (n_frames - 3) // 2, so
    patches of fewer than five frames are not warped.

    Shape:
        warp_from, warp_to: [n] int64.
    """
    reach = min(reach, max(n_frames - 3, 0) // 2)
    n_origins = max(n_frames - 2 * reach - 2, 1)
    origin = reach + 1 + uniform_integers(torch.full((n,), n_origins), generator)
    distance = uniform_integers(torch.full((n,), 2 * reach + 1), generator) - reach
    return {"warp_from": origin, "warp_to": origin + distance}


def warp_time(patches: Tensor, origin: Tensor, target: Tensor) -> Tensor:
    """Move one frame of every patch and stretch both sides linearly to fit.

    The first and the last frame do not move (corners aligned), and the frame ``origin`` moves to
    ``target`` exactly.

    Shape:
        patches, result: [n, frames, bands]; origin, target: [n] int64.

    >>> patches = torch.arange(5.0).view(1, 5, 1)
    >>> warp_time(patches, origin=torch.tensor([2]), target=torch.tensor([1])).flatten()
    tensor([0.0000, 2.0000, 2.6667, 3.3333, 4.0000])
    """
    last = patches.shape[1] - 1
    frame = torch.arange(last + 1, device=patches.device)
    origin, target = origin[:, None], target[:, None]
    # Each side is measured from its own end, so that both ends and the target are exact.
    before = frame * origin / target
    after = last - (last - frame) * (last - origin) / (last - target)
    return interpolate(patches, torch.where(frame <= target, before, after), dim=1)
