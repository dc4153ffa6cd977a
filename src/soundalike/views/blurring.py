"""Gaussian blur of a patch."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from soundalike.views.augmentation import Draws


class Blur:
    """Blur some patches over frames and bands with a Gaussian (as in SimCLR; Chen et al. 2020).

    A patch is mirrored at its edges, with the outermost value repeated, so blurring keeps its mean.
    The Gaussian is cut off at three times the highest standard deviation for all patches.

    Args:
        sigma: lowest and highest standard deviation, in frames and in bands; drawn uniformly.
        probability: probability that a patch is blurred.

    Raises:
        ValueError: ``sigma`` is not an increasing range of at least 0, or ``probability`` is not in
            [0, 1].
    """

    def __init__(self, sigma: Sequence[float] = (0.1, 2.0), probability: float = 0.5) -> None:
        if len(sigma) != 2 or not 0 <= sigma[0] <= sigma[1] < math.inf:
            raise ValueError(f"Blur needs a sigma [low, high] of at least 0, got {sigma}.")
        if not 0 <= probability <= 1:
            raise ValueError(f"Blur needs a probability from 0 to 1, got {probability}.")
        self.sigma = tuple(sigma)
        self.probability = probability
        self.radius = math.ceil(3 * sigma[1])

    def draw(self, n: int, n_frames: int, n_bands: int, generator: torch.Generator) -> Draws:
        """Draw one ``sigma`` per patch, 0 for patches that are not blurred."""
        sigma = torch.empty(n).uniform_(*self.sigma, generator=generator)
        is_blurred = torch.rand(n, generator=generator) < self.probability
        return {"sigma": torch.where(is_blurred, sigma, 0.0)}

    def apply(self, patches: Tensor, draws: Draws) -> Tensor:
        """Blur every patch by its own sigma: [n, frames, bands]."""
        weights = _gaussian(draws["sigma"], self.radius)
        return _convolve(_convolve(patches, weights, dim=1), weights, dim=2)


def _gaussian(sigma: Tensor, radius: int) -> Tensor:
    """Return the weights of -radius, ..., radius steps: [n, 2 * radius + 1], with sum 1."""
    step = torch.arange(-radius, radius + 1, device=sigma.device)
    # For such a small sigma only the middle weight is above 0: exactly no blur.
    weights = torch.exp(-0.5 * (step / sigma[:, None].clamp(min=1e-3)) ** 2)
    return weights / weights.sum(dim=1, keepdim=True)


def _convolve(patches: Tensor, weights: Tensor, dim: int) -> Tensor:
    """Convolve every patch with its own weights along axis ``dim``, mirrored at its edges."""
    length, radius = patches.shape[dim], weights.shape[1] // 2
    position = torch.arange(-radius, length + radius, device=patches.device) % (2 * length)
    mirrored = patches.index_select(dim, torch.minimum(position, 2 * length - 1 - position))
    result = torch.zeros_like(patches)
    for step, weight in enumerate(weights.T):
        result.addcmul_(mirrored.narrow(dim, step, length), weight[:, None, None])
    return result
