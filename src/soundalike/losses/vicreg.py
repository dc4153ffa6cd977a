"""Variance-invariance-covariance regularization."""

import torch
import torch.nn.functional as F
from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.contrastive_loss import ContrastiveLoss, in_float32


class VICReg(ContrastiveLoss):
    """Keep views of a clip close, every dimension varying, and dimensions uncorrelated (VICReg).

    Three terms, none of which compares clips with each other: the squared distance of the two
    views; for every dimension of each view, how far its standard deviation over the batch is below
    1; and the squared covariances between dimensions.

    Bardes et al. 2022, "VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised
    Learning".

    Args:
        invariance: weight of the distance between views.
        variance: weight of the standard deviations.
        covariance: weight of the covariances.

    Shape:
        z_a, z_b: [batch, dim], row i of both from clip i, at least 2 clips; result: scalar.

    Raises:
        ValueError: a weight is negative, or the batch has one clip only.

    >>> z = torch.zeros(4, 2)
    >>> round(VICReg()(z, z, Batch()).item(), 2)  # collapsed: 25 * (1 - 0.01)
    24.75
    """

    def __init__(
        self, invariance: float = 25.0, variance: float = 25.0, covariance: float = 1.0
    ) -> None:
        super().__init__()
        if not min(invariance, variance, covariance) >= 0:
            raise ValueError(
                "VICReg needs an invariance, a variance and a covariance of at least 0, got "
                f"{invariance}, {variance}, {covariance}."
            )
        self.invariance = invariance
        self.variance = variance
        self.covariance = covariance

    def forward(self, z_a: Tensor, z_b: Tensor, batch: Batch) -> Tensor:
        """Return the weighted sum of the three terms."""
        if len(z_a) < 2:
            raise ValueError("VICReg needs at least 2 clips in a batch: one clip has no variance.")
        with torch.autocast(z_a.device.type, enabled=False):
            z_a, z_b = in_float32(z_a), in_float32(z_b)
            views = torch.stack([z_a, z_b])
            centered = views - views.mean(dim=1, keepdim=True)
            std = (centered.square().sum(dim=1) / (len(z_a) - 1) + 1e-4).sqrt()
            covariances = centered.mT @ centered / (len(z_a) - 1)
            own = covariances.diagonal(dim1=1, dim2=2)
            between = (covariances.square().sum() - own.square().sum()) / z_a.shape[1]
            return (
                self.invariance * F.mse_loss(z_a, z_b)
                + self.variance * (1 - std).relu().mean()
                + self.covariance * between
            )
