"""Reversal of a patch in time."""

import torch
from torch import Tensor

from soundalike.views.augmentation import Draws


class Reversal:
    """Reverse some patches in time (Fonseca et al. 2021).

    Attacks become decays, while the spectrum of every frame is unchanged.

    Args:
        probability: probability that a patch is reversed.

    Raises:
        ValueError: ``probability`` is not in [0, 1].
    """

    def __init__(self, probability: float = 0.5) -> None:
        if not 0 <= probability <= 1:
            raise ValueError(f"Reversal needs a probability from 0 to 1, got {probability}.")
        self.probability = probability

    def draw(self, n: int, n_frames: int, n_bands: int, generator: torch.Generator) -> Draws:
        """Draw for every patch whether it is ``reversed``."""
        return {"reversed": torch.rand(n, generator=generator) < self.probability}

    def apply(self, patches: Tensor, draws: Draws) -> Tensor:
        """Reverse the patches whose draw says so: [n, frames, bands]."""
        return torch.where(draws["reversed"][:, None, None], patches.flip(1), patches)
