"""The VGG-like encoder."""

import torch
from torch import Tensor, nn

from soundalike.models.pooling_encoder import PoolingEncoder


class VGG(PoolingEncoder):
    """Six 3x3 convolutions and one dense layer: the VGG-like encoder of Fonseca et al. 2021.

    h is computed from the global maximum and the global average of the last maps, so its size does
    not depend on the number of frames. Parameters have the names of the released weights. Load
    these with ``strict=False``, as their last layer (``dense_out``) does not exist here.

    Args:
        width: channels of the first three convolutions. The next two have twice as many, the last
            four times as many; h has 16 times as many values.

    Shape:
        patches: [batch, 1, frames, bands], at least 8 frames and 8 bands; h: [batch, 16 * width].

    Raises:
        ValueError: ``width`` is below 1, or a patch has fewer than 8 frames.
    """

    min_frames = stride = 8  # halved three times
    context = 11  # 3 before the first halving, 2 of two frames, 1 of four

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        if width < 1:
            raise ValueError(f"VGG needs a width of at least 1 channel, got {width}.")
        self.width = width
        self.dim = 16 * width
        self.conv0 = VGGBlock(1, width)
        self.conv1 = VGGBlock(width, width)
        self.conv2 = VGGBlock(width, width, pool=2)
        self.conv3 = VGGBlock(width, 2 * width)
        self.conv4 = VGGBlock(2 * width, 2 * width, pool=2)
        self.conv5 = VGGBlock(2 * width, 4 * width, pool=2)
        self.dense1 = nn.Linear(2 * 4 * width, self.dim)

    def make_maps(self, patches: Tensor) -> Tensor:
        """Return the maps of the last convolution: [batch, steps, channels, bands]."""
        x = self.conv2(self.conv1(self.conv0(patches)))
        x = self.conv4(self.conv3(x))
        return self.conv5(x).transpose(1, 2)

    def pool(self, maps: Tensor) -> Tensor:
        """Return the dense layer of the maximum and the average over time and bands."""
        x = maps.transpose(1, 2)
        pooled = torch.cat([x.amax(dim=(2, 3)), x.mean(dim=(2, 3))], dim=1)
        return self.dense1(pooled).relu()


class VGGBlock(nn.Module):
    """3x3 convolution, batch normalization, ReLU and, if ``pool`` is above 1, maximum pooling.

    Args:
        n_in: input channels.
        n_out: output channels.
        pool: number of frames, and of bands, pooled into one; 1 does not pool.

    Shape:
        x: [batch, n_in, frames, bands]; result: [batch, n_out, frames // pool, bands // pool].
    """

    def __init__(self, n_in: int, n_out: int, pool: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(n_out)
        self.pool = nn.MaxPool2d(pool) if pool > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, normalize, pool and rectify."""
        # Pooling before ReLU gives the same result with fewer values to rectify.
        return self.pool(self.bn(self.conv(x))).relu()
