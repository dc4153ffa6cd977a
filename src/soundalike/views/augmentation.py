"""The interface of augmentations: first draw, then apply."""

from typing import Protocol

import torch
from torch import Tensor

Draws = dict[str, Tensor]


class Augmentation(Protocol):
    """A random change to patches that keeps what they sound like.

    Randomness is in ``draw`` alone. ``apply`` is a pure function of the patches and the draws, item
    by item, so a draw can be replayed, and the draws of a batch can be sliced like the batch.
    """

    def draw(self, n: int, n_frames: int, n_bands: int, generator: torch.Generator) -> Draws:
        """Draw the parameters of ``n`` patches.

        Args:
            n: number of patches.
            n_frames: frames of a patch.
            n_bands: bands of a patch.
            generator: on the CPU.

        Shape:
            every draw: [n, ...], a few numbers for each patch.
        """
        ...

    def apply(self, patches: Tensor, draws: Draws) -> Tensor:
        """Change every patch according to its own draw.

        Args:
            patches: log10-mel energies; not modified.
            draws: the result of ``draw``, on the device of the patches.

        Shape:
            patches, result: [n, frames, bands].
        """
        ...


def uniform_integers(n_values: Tensor, generator: torch.Generator) -> Tensor:
    """Draw a uniform integer from 0 to ``n_values - 1`` for every element.

    Args:
        n_values: number of integers to draw from, at least 1.
        generator: on the CPU.

    Shape:
        n_values, result: [...] int64.
    """
    # In float64 the product stays below n_values; its bias is at most n_values / 2**53.
    share = torch.rand(n_values.shape, dtype=torch.float64, generator=generator)
    return (share * n_values).long()
