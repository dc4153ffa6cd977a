"""The loss of BYOL, with its predictor and its target network."""

import copy
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundalike.losses.batch import Batch
from soundalike.losses.contrastive_loss import ContrastiveLoss, Network, in_float32


class BYOL(ContrastiveLoss):
    """Predict from one view the target network's projection of the other view (BYOL).

    No clips are pushed apart. Two things keep z from collapsing: the target network is a moving
    average of the trained network and gets no gradient, and only the trained side has a predictor.
    The loss itself is the squared distance of unit vectors: 2 - 2 * cosine.

    Grill et al. 2020, "Bootstrap Your Own Latent"; for sounds Niizumi et al. 2021.

    Args:
        momentum: weight of the old target network in its moving average; values closer to 1 make it
            follow more slowly.
        hidden_dim: size of the predictor's hidden layer.

    Shape:
        z_a, z_b: [2 * batch, dim], the predictions from both views, and the target network's
        projections of the other view of each; result: scalar.

    Raises:
        ValueError: ``momentum`` is not in [0, 1], or ``hidden_dim`` is below 1.

    >>> BYOL()(torch.eye(2), torch.eye(2), Batch()).item()
    0.0
    """

    n_rows_per_clip = 2  # a prediction from each view

    def __init__(self, momentum: float = 0.99, hidden_dim: int = 1024) -> None:
        super().__init__()
        if not 0 <= momentum <= 1 or hidden_dim < 1:
            raise ValueError(
                "BYOL needs a momentum from 0 to 1 and a hidden_dim of at least 1, got "
                f"{momentum} and {hidden_dim}."
            )
        self.momentum = momentum
        self.hidden_dim = hidden_dim

    def forward(self, z_a: Tensor, z_b: Tensor, batch: Batch) -> Tensor:
        """Return the mean squared distance between the rows on the unit sphere."""
        with torch.autocast(z_a.device.type, enabled=False):
            return 2 - 2 * F.cosine_similarity(in_float32(z_a), in_float32(z_b)).mean()

    def network(self, projector: nn.Module, dim: int) -> "MomentumNetwork":
        """Return the projector with a predictor and a target network."""
        return MomentumNetwork(projector, dim, self.hidden_dim)

    def project(self, network: Network, views: Tensor) -> tuple[Tensor, Tensor]:
        """Return the predictions from both views, and the targets from the other view of each."""
        with torch.no_grad():
            targets = network(views.flip(0), output="target")
        return network(views, output="prediction"), targets

    def after_step(self, network: nn.Module) -> None:
        """Move the target network towards the trained one."""
        assert isinstance(network, MomentumNetwork)
        network.move_target(self.momentum)


class MomentumNetwork(nn.Module):
    """A projector, a predictor behind it, and the target network (Grill et al. 2020).

    Args:
        projector: encoder and head; trained.
        dim: size of z.
        hidden_dim: size of the predictor's hidden layer.

    Shape:
        views: [n, frames, bands]; result: [n, dim].
    """

    def __init__(self, projector: nn.Module, dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.projector = projector
        self.predictor = nn.Sequential(
            nn.Linear(dim, hidden_dim),
            nn.BatchNorm1d(hidden_dim),
            nn.ReLU(),
            nn.Linear(hidden_dim, dim),
        )
        self.target = copy.deepcopy(projector).requires_grad_(False)

    def forward(self, views: Tensor, output: Literal["z", "prediction", "target"] = "z") -> Tensor:
        """Return z, the predictor's output for z, or the target network's z."""
        if output == "target":
            z: Tensor = self.target(views)
            return z
        z = self.projector(views)
        return self.predictor(z) if output == "prediction" else z

    @torch.no_grad()
    def move_target(self, momentum: float) -> None:
        """Replace the target's weights by ``momentum`` * old + (1 - momentum) * trained."""
        pairs = zip(self.target.parameters(), self.projector.parameters(), strict=True)
        for slow, fast in pairs:
            slow.lerp_(fast, 1 - momentum)
