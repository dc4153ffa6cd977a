"""ResNet-18 for log-mel patches."""

import math

from torch import Tensor, nn

from soundalike.models.pooling_encoder import PoolingEncoder


class ResNet18(PoolingEncoder):
    """ResNet-18 (He et al. 2016) with one input channel, as in Fonseca et al. 2021.

    h is the global average of the last maps, so its size does not depend on the number of frames.
    Parameters have torchvision's names. Load a state dict of torchvision with ``strict=False``, as
    its classifier (``fc``) does not exist here.

    Args:
        width: channels of the first stage; the four stages have 1, 2, 4 and 8 times that many.

    Shape:
        patches: [batch, 1, frames, bands], at least 1 frame; h: [batch, 8 * width].

    Raises:
        ValueError: ``width`` is below 1, or a patch has no frame.
    """

    min_frames = 1
    stride = 32
    context = 217  # 3 of conv1, 2 of maxpool; 16, 28, 56 and 112 of the stages

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        if width < 1:
            raise ValueError(f"ResNet18 needs a width of at least 1 channel, got {width}.")
        self.width = width
        self.dim = 8 * width
        self.conv1 = nn.Conv2d(1, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = _stage(width, width, stride=1)
        self.layer2 = _stage(width, 2 * width, stride=2)
        self.layer3 = _stage(2 * width, 4 * width, stride=2)
        self.layer4 = _stage(4 * width, 8 * width, stride=2)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def make_maps(self, patches: Tensor) -> Tensor:
        """Return the maps of the last stage: [batch, steps, channels, bands]."""
        # Pooling before ReLU gives the same result with a quarter of the values to rectify.
        x = self.maxpool(self.bn1(self.conv1(patches))).relu()
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return x.transpose(1, 2)

    def pool(self, maps: Tensor) -> Tensor:
        """Return the average over time and bands."""
        return maps.transpose(1, 2).mean(dim=(2, 3))

    def n_steps(self, n_frames: int) -> int:
        """Return the number of steps of a patch; its last step may be incomplete."""
        return math.ceil(n_frames / self.stride)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut around them (He et al. 2016).

    Args:
        n_in: input channels.
        n_out: output channels.
        stride: stride of the first convolution over frames and bands.

    Shape:
        x: [batch, n_in, frames, bands]; result: [batch, n_out, frames / stride, bands / stride],
        rounded up.
    """

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.downsample: nn.Module = nn.Identity()
        if n_in != n_out or stride != 1:
            self.downsample = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride=stride, bias=False), nn.BatchNorm2d(n_out)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Add the convolved input to the shortcut, then rectify."""
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y))
        return (y + self.downsample(x)).relu()


def _stage(n_in: int, n_out: int, stride: int) -> nn.Sequential:
    return nn.Sequential(BasicBlock(n_in, n_out, stride), BasicBlock(n_out, n_out, stride=1))
