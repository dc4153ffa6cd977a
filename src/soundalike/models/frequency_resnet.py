"""A residual network without pooling over frequency."""

import math

from torch import Tensor, nn

from soundalike.models.frame_mlp import FrameMLP
from soundalike.models.pooling_encoder import PoolingEncoder
from soundalike.models.resnet import BasicBlock
from soundalike.models.time_pooling import mean_and_maximum


class FrequencyResNet(PoolingEncoder):
    """Residual blocks with a narrow receptive field and no pooling over frequency.

    ResNet-18 halves its maps five times and then averages over frames and bands. This network
    halves them three times, and an MLP reads all channels and bands of every frame. Of the changes
    to ResNets that Niizumi et al. 2023 tried ("BYOL for Audio: Exploring Pre-trained
    General-purpose Audio Representations"), these helped most.

    Args:
        width: channels of the first stage; the three stages have 1, 2 and 4 times that many.
        dim: size of h, which embeddings are made of.
        n_bands: bands of the patches.

    Shape:
        patches: [batch, 1, frames, bands], at least 1 frame; h: [batch, dim].

    Raises:
        ValueError: ``width`` or ``n_bands`` is below 1, ``dim`` is odd, or a patch has no frame or
            another number of bands.
    """

    min_frames = 1
    stride = 8
    context = 23  # 1 of conv1, 4 of layer1, 6 of layer2, 12 of layer3

    def __init__(self, width: int = 32, dim: int = 2048, n_bands: int = 96) -> None:
        super().__init__()
        if width < 1 or n_bands < 1:
            raise ValueError(
                f"FrequencyResNet needs width >= 1 and n_bands >= 1, got {width} and {n_bands}."
            )
        self.dim = dim
        self.conv1 = nn.Conv2d(1, width, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = BasicBlock(width, width, stride=1)
        self.layer2 = BasicBlock(width, 2 * width, stride=2)
        self.layer3 = BasicBlock(2 * width, 4 * width, stride=2)
        n_map_bands = math.ceil(n_bands / 8)  # halved three times
        self.mlp = FrameMLP(4 * width * n_map_bands, dim)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def make_maps(self, patches: Tensor) -> Tensor:
        """Return the embedded frames of the last maps: [batch, steps, dim / 2]."""
        x = self.bn1(self.conv1(patches)).relu()
        return self.mlp(self.layer3(self.layer2(self.layer1(x))))

    def pool(self, maps: Tensor) -> Tensor:
        """Return mean and maximum over time."""
        return mean_and_maximum(maps)

    def n_steps(self, n_frames: int) -> int:
        """Return the number of steps of a patch; its last step may be incomplete."""
        return math.ceil(n_frames / self.stride)
