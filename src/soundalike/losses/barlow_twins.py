"""The loss of Barlow Twins."""

import torch
from torch import Tensor, nn


class BarlowTwins(nn.Module):
    """Let each dimension of z agree between the views, and no two dimensions say the same.

    The dimensions of both views are standardized over the batch and correlated; the loss is the
    squared distance of that matrix from the identity. No clip is pushed from another, so a batch
    may hold clips that sound alike.

    Zbontar et al. 2021, "Barlow Twins: Self-Supervised Learning via Redundancy Reduction".

    Args:
        off_diagonal: weight of the correlations between different dimensions (their lambda).

    Shape:
        z_a, z_b: [batch, dim], row i of both from clip i; result: scalar.

    Raises:
        ValueError: ``off_diagonal`` is negative.

    >>> z = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    >>> round(BarlowTwins()(z, z).item(), 4)
    0.0
    """

    def __init__(self, off_diagonal: float = 0.005) -> None:
        super().__init__()
        if not off_diagonal >= 0:
            raise ValueError(f"BarlowTwins needs an off_diagonal from 0 on, got {off_diagonal}.")
        self.off_diagonal = off_diagonal

    def forward(self, z_a: Tensor, z_b: Tensor) -> Tensor:
        """Return the squared distance of the cross-correlation from the identity."""
        with torch.autocast(z_a.device.type, enabled=False):
            correlation = standardized(z_a.float()).T @ standardized(z_b.float()) / len(z_a)
            agree = correlation.diagonal()
            redundancy = correlation.square().sum() - agree.square().sum()
            return (1 - agree).square().sum() + self.off_diagonal * redundancy


def standardized(z: Tensor) -> Tensor:
    """Give every dimension mean 0 and variance 1 over the batch; one that never varies stays 0."""
    variance, mean = torch.var_mean(z, dim=0, correction=0)
    return (z - mean) * (variance + 1e-5).rsqrt()
