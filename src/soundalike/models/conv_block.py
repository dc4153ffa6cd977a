"""The convolution block of AudioNTT and BandCNN."""

from torch import Tensor, nn

from soundalike.models.halving import Halving


class ConvBlock(nn.Module):
    """3x3 convolution, maximum pooling by 2, batch normalization and ReLU.

    Pooling comes first, so normalization and ReLU process a quarter of the values.

    Args:
        n_in: input channels.
        n_out: output channels.

    Shape:
        x: [batch, n_in, frames, bands]; result: [batch, n_out, frames // 2, bands // 2].
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, 3, padding=1, bias=False)
        self.pool = Halving()
        self.bn = nn.BatchNorm2d(n_out)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, pool, normalize and rectify."""
        return self.bn(self.pool(self.conv(x))).relu()
