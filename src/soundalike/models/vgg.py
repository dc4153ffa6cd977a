"""The VGG-like encoder."""

import torch
from torch import Tensor, nn

from soundalike.models.encoder import Encoder


class VGG(Encoder):
    """Six 3x3 convolutions and one dense layer: the VGG-like encoder of Fonseca et al. 2021.

    Global pooling (maximum, then average, concatenated) makes h independent of the number of
    frames. Parameters carry the names of the released weights; their last layer (``dense_out``) has
    no place here, so load them with ``strict=False``.

    Args:
        width: channels of the first three convolutions; the next two have twice as many, the last
            four times as many and h 16 times.

    Shape:
        patches: [batch, 1, frames, bands], at least 8 frames and 8 bands; h: [batch, 16 * width].

    Raises:
        ValueError: ``width`` is below 1, or a patch has fewer than 8 frames.
    """

    min_frames = 8  # three poolings halve the frames

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        if width < 1:
            raise ValueError(f"VGG needs a width of at least 1 channel, got {width}.")
        self.width = width
        self.dim = 16 * width
        self.conv0 = ConvBlock(1, width)
        self.conv1 = ConvBlock(width, width)
        self.conv2 = ConvBlock(width, width, pool=2)
        self.conv3 = ConvBlock(width, 2 * width)
        self.conv4 = ConvBlock(2 * width, 2 * width, pool=2)
        self.conv5 = ConvBlock(2 * width, 4 * width, pool=2)
        self.dense1 = nn.Linear(2 * 4 * width, self.dim)

    def forward(self, patches: Tensor) -> Tensor:
        """Embed patches: the dense layer over the pooled maps of the last convolution."""
        if patches.shape[2] < self.min_frames:
            raise ValueError(
                f"VGG needs patches of at least {self.min_frames} frames, got {patches.shape[2]}."
            )
        x = self.conv2(self.conv1(self.conv0(patches)))
        x = self.conv4(self.conv3(x))
        x = self.conv5(x)
        pooled = torch.cat([x.amax(dim=(2, 3)), x.mean(dim=(2, 3))], dim=1)
        return self.dense1(pooled).relu()


class ConvBlock(nn.Module):
    """3x3 convolution, batch normalization, ReLU and, where ``pool`` is above 1, maximum pooling.

    Args:
        n_in: input channels.
        n_out: output channels.
        pool: side of the pooled square, in frames and bands; 1 keeps every frame and band.

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
        # Pooling before ReLU gives the same numbers, and far fewer of them to rectify.
        return self.pool(self.bn(self.conv(x))).relu()
