"""The decoupled contrastive loss."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class DCL(nn.Module):
    """NT-Xent without the positive pair among those to be told apart (DCL).

    In NT-Xent the similarity of the two views of a clip is in the denominator too, so the better
    they agree already, the weaker the other clips are pushed away. Left out, small batches learn
    as from larger ones.

    Yeh et al. 2022, "Decoupled Contrastive Learning".

    Args:
        temperature: divides the cosine similarities.

    Shape:
        z_a, z_b: [batch, dim], row i of both from clip i, at least 2 clips; result: scalar.

    Raises:
        ValueError: ``temperature`` is not positive, or there is one clip only.

    >>> z = torch.eye(2)
    >>> round(DCL(temperature=1.0)(z, z).item(), 4)  # log(2) - 1
    -0.3069
    """

    def __init__(self, temperature: float = 0.2) -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"DCL needs a temperature above 0, got {temperature}.")
        self.temperature = temperature

    def forward(self, z_a: Tensor, z_b: Tensor) -> Tensor:
        """Return the mean loss over the 2 * batch anchors."""
        batch = len(z_a)
        if batch < 2:
            raise ValueError("DCL needs at least 2 clips: one has nothing to be told from.")
        with torch.autocast(z_a.device.type, enabled=False):
            z = F.normalize(torch.cat([z_a, z_b]).float(), dim=1)
            similarity = z @ z.T / self.temperature
            positive = similarity.diagonal(batch).repeat(2)
            own = torch.arange(batch, device=z.device).repeat(2)
            others = similarity.masked_fill(own[:, None] == own, -torch.inf)
            return (others.logsumexp(dim=1) - positive).mean()
