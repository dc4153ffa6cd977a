"""The baseline network of FSDnoisy18k."""

from torch import Tensor, nn

from soundalike.models.encoder import Encoder


class FSDnoisy18kBaseline(Encoder):
    """Three pre-activated convolutions and a dense layer, the baseline of FSDnoisy18k.

    Fonseca et al. 2019, "Learning Sound Event Classifiers from Web Audio with Noisy Labels", with
    the layers of the released code: 0.53 M weights including a classifier of 20 classes.

    h is the hidden layer below the classifier. The dense layer reads maps of 6 x 24, the size for a
    patch of 100 frames (2 s with a hop of 20 ms, as published) and 96 bands. Maps of other sizes
    are averaged or repeated to 6 x 24. Convolutions have no bias, since batch normalization would
    remove it. In training, dropout zeroes half of the inputs of the dense layer and half of h.

    Shape:
        patches: [batch, 1, frames, bands], at least 16 frames and 4 bands; h: [batch, 64].

    Raises:
        ValueError: a patch has fewer than 16 frames.
    """

    dim = 64
    min_frames = 16  # pooled by four, twice

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = PreactivatedConv(1, 24)
        self.conv2 = PreactivatedConv(24, 48)
        self.conv3 = PreactivatedConv(48, 48)
        self.pool = nn.MaxPool2d((4, 2))
        self.resize = nn.AdaptiveAvgPool2d((6, 24))
        self.dense = nn.Linear(48 * 6 * 24, self.dim)
        self.dropout = nn.Dropout(0.5)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.zeros_(self.dense.bias)

    def embed(self, patches: Tensor) -> Tensor:
        """Return the dense layer of the last maps."""
        x = self.pool(self.conv1(patches))
        x = self.pool(self.conv2(x))
        x = self.resize(self.conv3(x))
        return self.dropout(self.dense(self.dropout(x.flatten(start_dim=1))).relu())


class PreactivatedConv(nn.Module):
    """A 5x5 convolution with batch normalization and ReLU before (He et al. 2016b) and after it.

    Args:
        n_in: input channels.
        n_out: output channels.

    Shape:
        x: [batch, n_in, frames, bands]; result: [batch, n_out, frames, bands].
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.bn_in = nn.BatchNorm2d(n_in)
        self.conv = nn.Conv2d(n_in, n_out, 5, padding=2, bias=False)
        self.bn_out = nn.BatchNorm2d(n_out)

    def forward(self, x: Tensor) -> Tensor:
        """Normalize, rectify, convolve, normalize and rectify."""
        return self.bn_out(self.conv(self.bn_in(x).relu())).relu()
