"""A CNN whose h keeps the bands apart."""

import itertools
from collections.abc import Sequence

from torch import Tensor

from soundalike.models.conv_block import ConvBlock
from soundalike.models.pooling_encoder import PoolingEncoder
from soundalike.models.time_pooling import frames_of, mean_and_maximum


class BandCNN(PoolingEncoder):
    """Blocks of 3x3 convolutions; h is mean and maximum over time of the last maps.

    Nothing is pooled over frequency, so h has values for every channel in every band. The
    convolutions are those of AudioNTT (Niizumi et al. 2021, "BYOL for Audio"), one block deeper.
    The MLP that follows there is left out: the maps before it made the better embedding, with and
    without training (docs/experiment_log.md).

    Args:
        channels: channels of each block. A block halves frames and bands.
        n_bands: bands of the patches.

    Shape:
        patches: [batch, 1, frames, bands]; h: [batch, dim].

    Raises:
        ValueError: there is no block, a block has no channels, no band is left after the blocks,
            or a patch has fewer than ``2 ** len(channels)`` frames.
    """

    def __init__(self, channels: Sequence[int] = (32, 64, 128, 128), n_bands: int = 96) -> None:
        super().__init__()
        self.min_frames = self.stride = 2 ** len(channels)
        self.context = self.stride - 1  # a frame more in every block, which halves them
        if not channels or min(channels) < 1 or n_bands < self.min_frames:
            raise ValueError(
                "BandCNN needs at least one block, one channel a block and 2 ** n_blocks bands, "
                f"got channels {list(channels)} and {n_bands} bands."
            )
        self.dim = 2 * channels[-1] * (n_bands // self.min_frames)
        self.block_names = [f"conv{number}" for number in range(1, len(channels) + 1)]
        sizes = itertools.pairwise([1, *channels])
        for name, (n_in, n_out) in zip(self.block_names, sizes, strict=True):
            self.add_module(name, ConvBlock(n_in, n_out))

    def make_maps(self, patches: Tensor) -> Tensor:
        """Return the last maps: [batch, steps, channels * bands]."""
        maps = patches
        for name in self.block_names:
            maps = getattr(self, name)(maps)
        return frames_of(maps)

    def pool(self, maps: Tensor) -> Tensor:
        """Return mean and maximum over time."""
        return mean_and_maximum(maps)
