"""Compression of a patch's dynamic range."""

import torch
from torch import Tensor

from soundalike.views.augmentation import Draws


class Compression:
    """Multiply a patch's log energies by one factor below 1 (Fonseca et al. 2021).

    In the log domain this scales every level difference within the patch by the same factor.

    Args:
        lowest: lowest factor; the factor of a patch is drawn from U(lowest, 1). Lower values
            compress more.

    Raises:
        ValueError: ``lowest`` is not in (0, 1].
    """

    def __init__(self, lowest: float = 0.75) -> None:
        if not 0 < lowest <= 1:
            raise ValueError(f"Compression needs a lowest factor in (0, 1], got {lowest}.")
        self.lowest = lowest

    def draw(self, n: int, n_frames: int, n_bands: int, generator: torch.Generator) -> Draws:
        """Draw one ``factor`` per patch."""
        return {"factor": torch.empty(n).uniform_(self.lowest, 1, generator=generator)}

    def apply(self, patches: Tensor, draws: Draws) -> Tensor:
        """Multiply every patch by its factor: [n, frames, bands]."""
        return patches * draws["factor"][:, None, None]
