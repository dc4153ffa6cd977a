"""A residual network that keeps frequency."""

from torch import Tensor, nn

from soundalike.models.encoder import Encoder
from soundalike.models.frame_mlp import FrameMLP
from soundalike.models.resnet import BasicBlock


class FrequencyResNet(Encoder):
    """Residual blocks with a narrow receptive field and no pooling over frequency.

    ResNet-18 halves its maps five times and then averages over what is left, which suits pictures.
    Here they are halved three times and an MLP reads all channels and bands of every frame, the
    changes that Niizumi et al. 2023 ("BYOL for Audio: Exploring Pre-trained General-purpose Audio
    Representations") found to help ResNets most.

    Args:
        width: channels of the first stage; the three stages have 1, 2 and 4 times as many.
        dim: size of h.
        n_bands: bands of the patches.

    Shape:
        patches: [batch, 1, frames, bands], at least 1 frame; h: [batch, dim].

    Raises:
        ValueError: ``width`` or ``n_bands`` is below 1, ``dim`` not an even number, or a patch has
            no frame or another number of bands.
    """

    min_frames = 1

    def __init__(self, width: int = 32, dim: int = 2048, n_bands: int = 96) -> None:
        super().__init__()
        if width < 1 or n_bands < 1:
            raise ValueError(
                f"FrequencyResNet needs a width and n_bands from 1 on, got {width}, {n_bands}."
            )
        self.dim = dim
        self.conv1 = nn.Conv2d(1, width, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = BasicBlock(width, width, stride=1)
        self.layer2 = BasicBlock(width, 2 * width, stride=2)
        self.layer3 = BasicBlock(2 * width, 4 * width, stride=2)
        n_bands_left = -(-n_bands // 8)  # halved three times, rounded up
        self.mlp = FrameMLP(4 * width * n_bands_left, dim)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, patches: Tensor) -> Tensor:
        """Embed patches: mean and maximum over time of the embedded frames."""
        if patches.shape[2] < self.min_frames:
            raise ValueError("FrequencyResNet needs patches of at least 1 frame, got 0.")
        x = self.bn1(self.conv1(patches)).relu()
        return self.mlp(self.layer3(self.layer2(self.layer1(x))))
