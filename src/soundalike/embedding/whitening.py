"""Whitening: scale the principal components of embeddings to similar variances."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Whitening(nn.Module):
    """Project embeddings onto principal components and scale each to a similar variance.

    Embeddings of sounds vary mostly in a few directions, such as loud against quiet or noise
    against tone, and these dominate a cosine or a small classifier. Dividing each component by its
    standard deviation removes that dominance, as in image retrieval (Jégou and Chum 2012, "Negative
    evidences and co-occurrences in image retrieval"). The mean variance is added to every variance,
    so the smallest components, which are noise, are not amplified. It is the mean over the
    components that n embeddings can have, so a few embeddings do not end up at equal distances. The
    result is scaled to a root mean square of one, since embeddings are compared by cosine.

    Args:
        dim: size of h.
        n_components: number of principal components, those of the largest variance.

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
    def of(cls, h: Tensor, n_components: int, *, standardize: bool = False) -> "Whitening":
        """Fit to embeddings.

        Args:
            h: embeddings to fit to.
            n_components: number of components; at most as many as there are embeddings and
                features.
            standardize: If true, each feature is divided by its standard deviation first, as is
                right for features of different kinds or units.

        Shape:
            h: [sounds, dim].
        """
        center = h.double().mean(dim=0)
        deviations = h.double() - center
        std = torch.ones_like(center)
        if standardize:
            std = deviations.square().mean(dim=0).sqrt()
            std[std <= 1e-6 * center.abs()] = 1  # a constant feature deviates by rounding only
        _, singular, components = torch.linalg.svd(deviations / std, full_matrices=False)
        # The sign of a component is arbitrary: make its largest number positive.
        components *= components.gather(1, components.abs().argmax(dim=1, keepdim=True)).sign()
        n_components = min(n_components, len(components))
        variances = singular.square() / len(h)
        mean_variance = variances.mean().clamp(min=torch.finfo(torch.float32).tiny)
        scales = (variances + mean_variance).rsqrt()
        whitening = cls(h.shape[1], n_components)
        whitening.center.copy_(center)
        whitening.axes.copy_((components.T * scales)[:, :n_components] / std[:, None])
        return whitening

    def forward(self, h: Tensor) -> Tensor:
        """Whiten h, in float32 even under autocast: small differences are amplified."""
        with torch.autocast(h.device.type, enabled=False):
            return F.rms_norm(
                (h.float() - self.center.float()) @ self.axes.float(), (self.n_components,)
            )
