"""Whitening: no direction in which what the model heard happens to vary more counts for more."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Whitening(nn.Module):
    """Embeddings along the principal components of what was heard, each scaled to vary alike.

    Embeddings of sounds vary mostly in a few directions, loud against quiet or noise against tone,
    and a cosine or a small classifier sees little else. Dividing each component by its standard
    deviation is what retrieval does against that (Jégou and Chum 2012, "Negative evidences and
    co-occurrences in image retrieval"). The mean variance is added to every variance, so that the
    smallest components, which are noise, are not blown up; the mean of those that n embeddings can
    have, so that n few ones are not made all equally far from each other. The result is scaled to a
    root mean square of one, since a cosine is what embeddings are compared by.

    Args:
        dim: size of h.
        n_components: how many principal components are kept, those of the largest variance.

    Shape:
        h: [batch, dim]; result: [batch, n_components] float32.
    """

    center: Tensor
    axes: Tensor

    def __init__(self, dim: int, n_components: int) -> None:
        super().__init__()
        self.n_components = n_components
        self.register_buffer("center", torch.zeros(dim))
        self.register_buffer("axes", torch.zeros(dim, n_components))

    @classmethod
    def of(cls, h: Tensor, n_components: int) -> "Whitening":
        """Fit to embeddings [sounds, dim]; few sounds or short embeddings have fewer components."""
        center = h.double().mean(dim=0)
        _, singular, components = torch.linalg.svd(h.double() - center, full_matrices=False)
        # A component may point either way: the way in which its largest number is positive.
        components *= components.gather(1, components.abs().argmax(dim=1, keepdim=True)).sign()
        n_components = min(n_components, len(components))
        variances = singular.square() / len(h)
        mean_variance = variances.mean().clamp(min=torch.finfo(torch.float32).tiny)
        scales = (variances + mean_variance).rsqrt()
        whitening = cls(h.shape[1], n_components)
        whitening.center.copy_(center)
        whitening.axes.copy_((components.T * scales)[:, :n_components])
        return whitening

    def forward(self, h: Tensor) -> Tensor:
        """Whiten embeddings; in float32 also under autocast: what it magnifies is exact then."""
        with torch.autocast(h.device.type, enabled=False):
            return F.rms_norm((h.float() - self.center) @ self.axes, (self.n_components,))
