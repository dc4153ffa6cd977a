"""The supervised contrastive loss."""

import torch
import torch.nn.functional as F
from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.contrastive_loss import ContrastiveLoss, in_float32


class SupCon(ContrastiveLoss):
    """Pull all views of a class together and push other classes away (SupCon).

    Every view is an anchor; its positives are its clip's other view and all views of clips with the
    same label. The loss of an anchor is the mean over its positives of the cross-entropy to each. A
    clip without a label forms a class of its own, so without any labels this is NT-Xent.

    Khosla et al. 2020, "Supervised Contrastive Learning" (their L_out).

    Args:
        temperature: divides the cosine similarities; lower values put more weight on the most
            similar other clips.

    Shape:
        z_a, z_b: [batch, dim], row i of both from clip i; batch.labels: [batch] int64, -1 for none;
        result: scalar.

    Raises:
        ValueError: ``temperature`` is not positive.

    >>> z = torch.eye(2)
    >>> round(SupCon(temperature=1.0)(z, z, Batch()).item(), 4)  # NT-Xent: log(1 + 2 / e)
    0.5514
    """

    needs_labels = True

    def __init__(self, temperature: float = 0.2) -> None:
        super().__init__()
        if not temperature > 0:
            raise ValueError(f"SupCon needs a temperature above 0, got {temperature}.")
        self.temperature = temperature

    def forward(self, z_a: Tensor, z_b: Tensor, batch: Batch) -> Tensor:
        """Return the mean loss over the 2 * batch anchors."""
        clips = torch.arange(len(z_a), device=z_a.device)
        labels = torch.full_like(clips, -1) if batch.labels is None else batch.labels
        # Clips without a label get the classes -1, -2, -3, ..., each its own.
        classes, own = torch.where(labels < 0, -1 - clips, labels).repeat(2), clips.repeat(2)
        with torch.autocast(z_a.device.type, enabled=False):
            z = F.normalize(in_float32(torch.cat([z_a, z_b])), dim=1)
            similarity = (z @ z.T / self.temperature).fill_diagonal_(-torch.inf)
            positive = (classes[:, None] == classes).fill_diagonal_(False)
            if (same := batch.same_sound(own, own)) is not None:
                similarity = similarity.masked_fill(same & ~positive, -torch.inf)
            cross_entropy = similarity.logsumexp(dim=1, keepdim=True) - similarity
            return (cross_entropy.where(positive, 0).sum(dim=1) / positive.sum(dim=1)).mean()
