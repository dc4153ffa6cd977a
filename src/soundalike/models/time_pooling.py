"""Pooling over time only.

Global pooling discards the frequency of a feature, which tells sounds apart. Here every band keeps
its own values. The mean over time describes the sound of a patch, the maximum its events (Niizumi
et al. 2021, "BYOL for Audio", who add the two).
"""

import torch
from torch import Tensor


def frames_of(maps: Tensor) -> Tensor:
    """Return the frames of maps, each a vector of all channels and bands.

    Shape:
        maps: [batch, channels, frames, bands]; result: [batch, frames, channels * bands].
    """
    return maps.permute(0, 2, 1, 3).flatten(2)


def mean_and_maximum(frames: Tensor) -> Tensor:
    """Concatenate the mean and the maximum over time.

    Shape:
        frames: [batch, frames, dim]; result: [batch, 2 * dim].
    """
    return torch.cat([frames.mean(dim=1), frames.amax(dim=1)], dim=1)
