"""The small CNN that keeps frequency."""

from torch import Tensor

from soundalike.models.conv_block import ConvBlock
from soundalike.models.encoder import Encoder
from soundalike.models.frame_mlp import FrameMLP


class AudioNTT(Encoder):
    """Three 3x3 convolutions, then an MLP over the channels and bands of every frame.

    The encoder of Niizumi et al. 2021, "BYOL for Audio" (there AudioNTT2020), for its size the
    best known on small sets of sounds, with or without training. What differs: pooling comes before
    batch normalization and ReLU, which costs a quarter, h holds mean and maximum side by side
    instead of their sum, and there is no dropout.

    Args:
        width: channels of the convolutions.
        dim: size of h.
        n_bands: bands of the patches.

    Shape:
        patches: [batch, 1, frames, bands], at least 8 frames and 8 bands; h: [batch, dim].

    Raises:
        ValueError: ``width`` is below 1, ``n_bands`` below 8, ``dim`` not an even number, or a
            patch has fewer than 8 frames or another number of bands.
    """

    min_frames = 8  # three poolings halve the frames

    def __init__(self, width: int = 64, dim: int = 2048, n_bands: int = 96) -> None:
        super().__init__()
        if width < 1 or n_bands < 8:
            raise ValueError(
                f"AudioNTT needs a width from 1 on and n_bands from 8 on, got {width}, {n_bands}."
            )
        self.dim = dim
        self.conv1 = ConvBlock(1, width)
        self.conv2 = ConvBlock(width, width)
        self.conv3 = ConvBlock(width, width)
        self.mlp = FrameMLP(width * (n_bands // 8), dim)

    def forward(self, patches: Tensor) -> Tensor:
        """Embed patches: mean and maximum over time of the embedded frames."""
        if patches.shape[2] < self.min_frames:
            raise ValueError(
                f"AudioNTT needs patches of at least {self.min_frames} frames, got "
                f"{patches.shape[2]}."
            )
        return self.mlp(self.conv3(self.conv2(self.conv1(patches))))
