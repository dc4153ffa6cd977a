"""The head between the encoder and the contrastive loss."""

import torch.nn.functional as F
from torch import Tensor, nn


class ProjectionHead(nn.Module):
    """Project an embedding h to z on the unit sphere (Chen et al. 2020; Fonseca et al. 2021).

    A linear layer, batch normalisation, ReLU and a second linear layer; then z is divided by its
    length, so that the dot product of two z is their cosine. The head serves pre-training only:
    what follows uses h.

    Args:
        in_dim: size of h, the ``dim`` of the encoder.
        hidden_dim: size of the layer in between.
        out_dim: size of z.

    Shape:
        h: [batch, in_dim]; z: [batch, out_dim], float32 also under autocast.
    """

    def __init__(self, in_dim: int, hidden_dim: int = 512, out_dim: int = 512) -> None:
        super().__init__()
        self.hidden = nn.Linear(in_dim, hidden_dim)
        self.bn = nn.BatchNorm1d(hidden_dim)
        self.out = nn.Linear(hidden_dim, out_dim)

    def forward(self, h: Tensor) -> Tensor:
        """Return z of unit length."""
        z = self.out(self.bn(self.hidden(h)).relu())
        return F.normalize(z.float(), dim=1)
