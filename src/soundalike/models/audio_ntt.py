"""AudioNTT, a small CNN without pooling over frequency."""

from torch import Tensor

from soundalike.models.conv_block import ConvBlock
from soundalike.models.frame_mlp import FrameMLP
from soundalike.models.pooling_encoder import PoolingEncoder
from soundalike.models.time_pooling import mean_and_maximum


class AudioNTT(PoolingEncoder):
    """Three 3x3 convolutions, then an MLP over the channels and bands of every frame.

    The encoder of Niizumi et al. 2021, "BYOL for Audio" (AudioNTT2020 there), with three
    differences: pooling comes before batch normalization and ReLU, which saves three quarters of
    their work; h concatenates mean and maximum instead of adding them; and there is no dropout.

    Args:
        width: channels of each convolution.
        dim: size of h, which embeddings are made of.
        n_bands: bands of the patches.

    Shape:
        patches: [batch, 1, frames, bands], at least 8 frames and 8 bands; h: [batch, dim].

    Raises:
        ValueError: ``width`` is below 1, ``n_bands`` is below 8, ``dim`` is odd, or a patch has
            fewer than 8 frames or another number of bands.
    """

    min_frames = stride = 8  # halved three times
    context = 7

    def __init__(self, width: int = 64, dim: int = 2048, n_bands: int = 96) -> None:
        super().__init__()
        if width < 1 or n_bands < 8:
            raise ValueError(
                f"AudioNTT needs width >= 1 and n_bands >= 8, got {width} and {n_bands}."
            )
        self.dim = dim
        self.conv1 = ConvBlock(1, width)
        self.conv2 = ConvBlock(width, width)
        self.conv3 = ConvBlock(width, width)
        self.mlp = FrameMLP(width * (n_bands // 8), dim)

    def make_maps(self, patches: Tensor) -> Tensor:
        """Return the embedded frames of the last maps: [batch, steps, dim / 2]."""
        return self.mlp(self.conv3(self.conv2(self.conv1(patches))))

    def pool(self, maps: Tensor) -> Tensor:
        """Return mean and maximum over time."""
        return mean_and_maximum(maps)
