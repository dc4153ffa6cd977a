"""The decoupled contrastive loss."""

import torch
import torch.nn.functional as F
from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.contrastive_loss import ContrastiveLoss, in_float32


class DCL(ContrastiveLoss):
    """NT-Xent without the positive pair in the denominator (DCL).

    In NT-Xent the denominator includes the similarity of the two views of a clip, so the better
    they agree, the less the other clips are pushed away. Without that term, training depends
    less on large batches.

    Yeh et al. 2022, "Decoupled Contrastive Learning".

    Args:
        temperature: divides the cosine similarities; lower values put more weight on the most
            similar other clips.

    Shape:
        z_a, z_b: [batch, dim], row i of both from clip i, at least 2 clips; result: scalar.

    Raises:
        ValueError: ``temperature`` is not positive, or the batch has one clip only.

    >>> z = torch.eye(2)
    >>> round(DCL(temperature=1.0)(z, z, Batch()).item(), 4)  # log(2) - 1
    -0.3069
    """

    def __init__(self, temperature: float = 0.2) -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"DCL needs a temperature above 0, got {temperature}.")
        self.temperature = temperature

    def forward(self, z_a: Tensor, z_b: Tensor, batch: Batch) -> Tensor:
        """Return the mean loss over the 2 * batch anchors."""
        n_clips = len(z_a)
        if n_clips < 2:
            raise ValueError("DCL needs at least 2 clips in a batch: one clip has no negatives.")
        with torch.autocast(z_a.device.type, enabled=False):
            z = F.normalize(in_float32(torch.cat([z_a, z_b])), dim=1)
            similarity = z @ z.T / self.temperature
            positive = similarity.diagonal(n_clips).repeat(2)
            own = torch.arange(n_clips, device=z.device).repeat(2)
            others = similarity.masked_fill(own[:, None] == own, -torch.inf)
            if (same := batch.same_sound(own, own)) is None:
                return (others.logsumexp(dim=1) - positive).mean()
            others = others.masked_fill(same, -torch.inf)
            has_negatives = others.isfinite().any(dim=1)
            losses = others[has_negatives].logsumexp(dim=1) - positive[has_negatives]
            return losses.sum() / max(1, len(losses))
