"""The plain CNN that hears every band by itself."""

import itertools
from collections.abc import Sequence

from torch import Tensor

from soundalike.models.conv_block import ConvBlock
from soundalike.models.encoder import Encoder
from soundalike.models.time_pooling import frames_of, mean_and_maximum


class BandCNN(Encoder):
    """Blocks of 3x3 convolutions; h holds mean and maximum over time of their last maps.

    Every channel has numbers of its own in every band. The front of AudioNTT (Niizumi et al. 2021,
    "BYOL for Audio"), deeper, and without the MLP that follows there: the maps before it are the
    better embedding, trained or not (docs/experiment_log.md), and the head can do its work.

    Args:
        channels: of the blocks; each halves frames and bands.
        n_bands: bands of the patches.

    Shape:
        patches: [batch, 1, frames, bands]; h: [batch, dim].

    Raises:
        ValueError: there is no block, or one without channels, the blocks leave no band, or a patch
            has too few frames.
    """

    def __init__(self, channels: Sequence[int] = (32, 64, 128, 128), n_bands: int = 96) -> None:
        super().__init__()
        self.min_frames = 2 ** len(channels)
        if not channels or min(channels) < 1 or n_bands < self.min_frames:
            raise ValueError(
                "BandCNN needs blocks of at least one channel, and bands for each to halve, got "
                f"channels {list(channels)} and {n_bands} bands."
            )
        self.dim = 2 * channels[-1] * (n_bands // self.min_frames)
        sizes = itertools.pairwise([1, *channels])
        for number, (n_in, n_out) in enumerate(sizes, 1):
            self.add_module(f"conv{number}", ConvBlock(n_in, n_out))

    def forward(self, patches: Tensor) -> Tensor:
        """Embed patches: mean and maximum over time of the last maps."""
        if patches.shape[2] < self.min_frames:
            raise ValueError(
                f"BandCNN needs patches of at least {self.min_frames} frames, got "
                f"{patches.shape[2]}."
            )
        maps = patches
        for block in self.children():
            maps = block(maps)
        return mean_and_maximum(frames_of(maps))
