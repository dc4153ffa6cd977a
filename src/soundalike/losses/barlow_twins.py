"""The loss of Barlow Twins."""

import torch
from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.contrastive_loss import ContrastiveLoss, in_float32


class BarlowTwins(ContrastiveLoss):
    """Make each dimension of z agree between the views, and different dimensions uncorrelated.

    The dimensions of both views are standardized over the batch and correlated; the loss is the
    squared distance of that matrix from the identity. No clips are pushed apart, so a batch may
    hold clips that sound alike.

    Zbontar et al. 2021, "Barlow Twins: Self-Supervised Learning via Redundancy Reduction".

    Args:
        off_diagonal: weight of the correlations between different dimensions (their lambda).

    Shape:
        z_a, z_b: [batch, dim], row i of both from clip i; result: scalar.

    Raises:
        ValueError: ``off_diagonal`` is negative.

    >>> z = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    >>> round(BarlowTwins()(z, z, Batch()).item(), 4)
    0.0
    """

    def __init__(self, off_diagonal: float = 0.005) -> None:
        super().__init__()
        if not off_diagonal >= 0:
            raise ValueError(
                f"BarlowTwins needs an off_diagonal of at least 0, got {off_diagonal}."
            )
        self.off_diagonal = off_diagonal

    def forward(self, z_a: Tensor, z_b: Tensor, batch: Batch) -> Tensor:
        """Return the squared distance of the cross-correlation from the identity."""
        with torch.autocast(z_a.device.type, enabled=False):
            correlation = standardized(in_float32(z_a)).T @ standardized(in_float32(z_b)) / len(z_a)
            agreement = correlation.diagonal()
            redundancy = correlation.square().sum() - agreement.square().sum()
            return (1 - agreement).square().sum() + self.off_diagonal * redundancy


def standardized(z: Tensor) -> Tensor:
    """Return z with mean 0 and variance 1 in every dimension; a constant dimension becomes 0."""
    variance, mean = torch.var_mean(z, dim=0, correction=0)
    return (z - mean) * (variance + 1e-5).rsqrt()
