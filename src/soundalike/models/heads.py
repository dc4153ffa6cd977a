"""The projection head between the encoder and the contrastive loss."""

import itertools

import torch
from torch import Tensor, nn


class ProjectionHead(nn.Module):
    """Project an embedding h to z (Chen et al. 2020; Fonseca et al. 2021).

    Hidden layers of a linear map, batch normalization and ReLU, then a linear layer. z is not
    normalized; losses that compare directions do that. The head is used in pre-training only; later
    tasks use h.

    Args:
        in_dim: size of h, the ``dim`` of the encoder.
        hidden_dim: size of the hidden layers.
        out_dim: size of z, which the loss compares.
        n_hidden_layers: number of hidden layers: 1 in the paper, 0 for a linear head.

    Shape:
        h: [batch, in_dim]; z: [batch, out_dim], at least float32, even under autocast.

    Raises:
        ValueError: a size is below 1, or ``n_hidden_layers`` is below 0.
    """

    def __init__(
        self, in_dim: int, hidden_dim: int = 512, out_dim: int = 512, n_hidden_layers: int = 1
    ) -> None:
        super().__init__()
        if min(hidden_dim, out_dim) < 1 or n_hidden_layers < 0:
            raise ValueError(
                "ProjectionHead needs hidden_dim >= 1, out_dim >= 1 and n_hidden_layers >= 0, got "
                f"{hidden_dim}, {out_dim} and {n_hidden_layers}."
            )
        dims = [in_dim] + n_hidden_layers * [hidden_dim]
        self.hidden = nn.Sequential(
            *(
                nn.Sequential(nn.Linear(n_in, n_out), nn.BatchNorm1d(n_out), nn.ReLU())
                for n_in, n_out in itertools.pairwise(dims)
            )
        )
        self.out = nn.Linear(dims[-1], out_dim)

    def forward(self, h: Tensor) -> Tensor:
        """Return z."""
        z: Tensor = self.out(self.hidden(h))
        return z.to(torch.promote_types(z.dtype, torch.float32))
