"""Maximum pooling by 2, the layer that takes longest after the convolutions on a CPU."""

import torch
from torch import Tensor, nn


class Halving(nn.MaxPool2d):
    """Maximum of every two frames and bands; an odd last one is dropped.

    Where no gradient is needed, a CPU takes the maximum of strided slices: the same numbers in half
    the time. The backward pass of that would take nine times as long.

    Shape:
        x: [batch, channels, frames, bands]; result: [batch, channels, frames // 2, bands // 2].
    """

    def __init__(self) -> None:
        super().__init__(2)

    def forward(self, x: Tensor) -> Tensor:
        """Halve frames and bands."""
        if torch.is_grad_enabled() or x.device.type != "cpu" or min(x.shape[2:]) < 2:
            return super().forward(x)
        n_frames, n_bands = (size // 2 * 2 for size in x.shape[2:])
        x = torch.maximum(x[:, :, 0:n_frames:2], x[:, :, 1:n_frames:2])
        return torch.maximum(x[..., 0:n_bands:2], x[..., 1:n_bands:2])
