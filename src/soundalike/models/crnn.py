"""The convolutional recurrent encoder."""

import torch
from torch import Tensor, nn

from soundalike.models.encoder import Encoder


class CRNN(Encoder):
    """Three 5x5 convolutions and a bidirectional GRU: the CRNN of Fonseca et al. 2021.

    h is the element-wise product of both directions' outputs at the last frame, so its size does
    not depend on the number of frames. At that frame the forward direction has read the whole
    patch, the backward direction only the last frame. Parameters have the names of the released
    weights. Load these with ``strict=False``, as their last layer (``dense``) does not exist here.

    Args:
        width: channels of each convolution; the recurrent layer and h have half as many values.

    Shape:
        patches: [batch, 1, frames, bands], at least 8 frames and 80 to 119 bands; h:
        [batch, width // 2].

    Raises:
        ValueError: ``width`` is below 2, or a patch has fewer than 8 frames or a number of bands
            other than 80 to 119, which pool to 2.
    """

    min_frames = 8  # halved three times

    def __init__(self, width: int = 128) -> None:
        super().__init__()
        if width < 2:
            raise ValueError(f"CRNN needs a width of at least 2 channels, got {width}.")
        self.width = width
        self.dim = width // 2
        self.conv1 = CRNNBlock(1, width, pool_bands=5)
        self.conv2 = CRNNBlock(width, width, pool_bands=4)
        self.conv3 = CRNNBlock(width, width, pool_bands=2)
        self.rnn1 = nn.GRU(2 * width, self.dim, batch_first=True, bidirectional=True)

    def embed(self, patches: Tensor) -> Tensor:
        """Return the product of both directions' outputs at the last frame."""
        n_bands = patches.shape[3]
        if not 80 <= n_bands < 120:
            raise ValueError(f"CRNN needs patches of 80 to 119 bands, got {n_bands}.")
        x = self.conv3(self.conv2(self.conv1(patches)))
        sequence = x.permute(0, 2, 3, 1).flatten(start_dim=2)  # [batch, frames, bands * channels]
        # The recurrent layer is small, and its input and weights must have one precision.
        with torch.autocast(sequence.device.type, enabled=False):
            outputs, _ = self.rnn1(sequence.to(self.rnn1.weight_ih_l0.dtype))
        forwards, backwards = outputs[:, -1].chunk(2, dim=1)
        return forwards * backwards


class CRNNBlock(nn.Module):
    """5x5 convolution, batch normalization, ReLU and maximum pooling by 2 frames.

    Args:
        n_in: input channels.
        n_out: output channels.
        pool_bands: number of bands pooled into one.

    Shape:
        x: [batch, n_in, frames, bands]; result: [batch, n_out, frames // 2, bands // pool_bands].
    """

    def __init__(self, n_in: int, n_out: int, pool_bands: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, 5, padding=2, bias=False)
        self.bn = nn.BatchNorm2d(n_out)
        self.pool = nn.MaxPool2d((2, pool_bands))

    def forward(self, x: Tensor) -> Tensor:
        """Convolve, normalize, pool and rectify."""
        # Pooling before ReLU gives the same result with fewer values to rectify.
        return self.pool(self.bn(self.conv(x))).relu()
