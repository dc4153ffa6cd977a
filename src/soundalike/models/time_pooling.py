"""From maps to numbers: pooling over time alone.

Global average pooling forgets at which frequency a feature was found, which tells much of what a
sound is. Here every band keeps numbers of its own. The mean over time says what a patch sounds
like, the maximum what happens in it (Niizumi et al. 2021, "BYOL for Audio", who add the two).
"""

import torch
from torch import Tensor


def frames_of(maps: Tensor) -> Tensor:
    """Return the frames of maps, each with all its channels and bands.

    Shape:
        maps: [batch, channels, frames, bands]; result: [batch, frames, channels * bands].
    """
    return maps.permute(0, 2, 1, 3).flatten(2)


def mean_and_maximum(frames: Tensor) -> Tensor:
    """Return the mean over time and, after it, the maximum.

    Shape:
        frames: [batch, frames, dim]; result: [batch, 2 * dim].
    """
    return torch.cat([frames.mean(dim=1), frames.amax(dim=1)], dim=1)
