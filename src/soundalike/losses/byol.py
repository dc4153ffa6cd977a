"""The loss of BYOL."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class BYOL(nn.Module):
    """Let one view predict what a slow copy of the network says of the other (BYOL).

    Nothing is pushed apart. What keeps z from collapsing is that the copy, the target network, is a
    moving average of the trained one and gets no gradient, and that a predictor stands between the
    two; the training holds both. Here is the distance alone, of unit vectors: 2 - 2 * cosine.

    Grill et al. 2020, "Bootstrap Your Own Latent"; for sounds Niizumi et al. 2021.

    Args:
        momentum: share of the target network that a step keeps; the closer to 1, the slower.
        hidden_dim: size of the predictor's hidden layer.

    Shape:
        z_a, z_b: [batch, dim], predictions and what the target network says of the other view, row
        by row; result: scalar.

    Raises:
        ValueError: ``momentum`` is not in [0, 1], or ``hidden_dim`` below 1.

    >>> BYOL()(torch.eye(2), torch.eye(2)).item()
    0.0
    """

    def __init__(self, momentum: float = 0.99, hidden_dim: int = 1024) -> None:
        super().__init__()
        if not 0 <= momentum <= 1 or hidden_dim < 1:
            raise ValueError(
                "BYOL needs a momentum from 0 to 1 and a hidden_dim from 1 on, got "
                f"{momentum} and {hidden_dim}."
            )
        self.momentum = momentum
        self.hidden_dim = hidden_dim

    def forward(self, z_a: Tensor, z_b: Tensor) -> Tensor:
        """Return the mean squared distance of the two on the unit sphere."""
        with torch.autocast(z_a.device.type, enabled=False):
            return 2 - 2 * F.cosine_similarity(z_a.float(), z_b.float()).mean()
