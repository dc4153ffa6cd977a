"""The normalised temperature-scaled cross-entropy loss."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class NTXent(nn.Module):
    """Pull the two views of a clip together and push the other clips away (NT-Xent).

    Every view is an anchor that must find its clip's other view among the 2 * batch - 1 views that
    are not itself: a classification, so the loss is a cross-entropy over the similarities. It does
    not change when the views, or the clips, are exchanged. It is computed in float32, also under
    autocast, because the softmax divides the similarities by a small temperature.

    Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual Representations".

    Args:
        temperature: divides the cosine similarities; the smaller, the more the nearest views of
            other clips count.

    Shape:
        z_a, z_b: [batch, dim], of unit length, row i of both from clip i; result: scalar.

    Raises:
        ValueError: ``temperature`` is not positive.

    >>> z = torch.eye(2)
    >>> round(NTXent(temperature=1.0)(z, z).item(), 4)  # log(1 + 2 / e)
    0.5514
    """

    def __init__(self, temperature: float = 0.2) -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"NTXent needs a temperature above 0, got {temperature}.")
        self.temperature = temperature

    def forward(self, z_a: Tensor, z_b: Tensor) -> Tensor:
        """Return the mean loss over the 2 * batch anchors."""
        with torch.autocast(z_a.device.type, enabled=False):
            z = torch.cat([z_a, z_b]).float()
            similarity = z @ z.T / self.temperature
            similarity.fill_diagonal_(-torch.inf)  # a view is no candidate for itself
            other_view = torch.arange(len(z), device=z.device).roll(len(z_a))
            return F.cross_entropy(similarity, other_view)
