"""What every augmentation is: first draw, then apply."""

from typing import Protocol

import torch
from torch import Tensor

Draws = dict[str, Tensor]


class Augmentation(Protocol):
    """A change to a patch after which it still sounds like its clip.

    Chance is in ``draw`` alone: ``apply`` is a pure function of the patches and the draws, item by
    item, so a draw can be replayed, and the draws of a batch can be divided like the batch.
    """

    def draw(self, n: int, n_frames: int, n_bands: int, generator: torch.Generator) -> Draws:
        """Draw the parameters of ``n`` patches.

        Args:
            n: number of patches.
            n_frames: frames of a patch.
            n_bands: bands of a patch.
            generator: on the CPU.

        Shape:
            every draw: [n, ...], a few numbers a patch.
        """
        ...

    def apply(self, patches: Tensor, draws: Draws) -> Tensor:
        """Change every patch by its own draw.

        Args:
            patches: log10-mel energies; left as they are.
            draws: what ``draw`` returned, on the device of the patches.

        Shape:
            patches, result: [n, frames, bands].
        """
        ...


def uniform_integers(n_values: Tensor, generator: torch.Generator) -> Tensor:
    """Draw an integer from 0 to ``n_values - 1``, all equally likely, for every element.

    Args:
        n_values: how many integers there are to draw from; at least 1.
        generator: on the CPU.

    Shape:
        n_values, result: [...] int64.
    """
    # In float64 the product stays below n_values and is even to one part in 2**53 / n_values.
    share = torch.rand(n_values.shape, dtype=torch.float64, generator=generator)
    return (share * n_values).long()
