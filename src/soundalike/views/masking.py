"""Masks over bands or frames of a patch, and the values that fill them."""

from typing import Literal

import torch
from torch import Tensor

from soundalike.views.augmentation import uniform_integers
from soundalike.views.noise import standard_normal

Fill = Literal["minimum", "mean", "zero", "noise"]


def draw_masks(
    n: int, n_masks: int, widest: int, length: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw the first index and the width of every mask.

    Args:
        n: number of patches.
        n_masks: number of masks per patch; they may overlap.
        widest: widths are drawn from 0 to this, or to the length if that is smaller.
        length: frames or bands of a patch; a mask may lie anywhere inside.
        generator: on the CPU.

    Shape:
        first, width: [n, n_masks] int64.
    """
    n_widths = torch.full((n, n_masks), min(widest, length) + 1)
    width = uniform_integers(n_widths, generator)
    return uniform_integers(length - width + 1, generator), width


def mask_of(first: Tensor, width: Tensor, length: int) -> Tensor:
    """Return which of ``length`` indices are covered by any of a patch's masks.

    Shape:
        first, width: [n, n_masks]; result: [n, length] bool.

    >>> mask_of(torch.tensor([[1, 4]]), torch.tensor([[2, 1]]), length=6).int()
    tensor([[0, 1, 1, 0, 1, 0]], dtype=torch.int32)
    """
    index = torch.arange(length, device=first.device)
    first, end = first[..., None], (first + width)[..., None]
    return ((first <= index) & (index < end)).any(dim=1)


def fill_values(patches: Tensor, fill: Fill, seeds: Tensor) -> Tensor:
    """Return the values that fill the masks of every patch.

    Args:
        patches: log10-mel energies before masking.
        fill: the patch's "minimum" or "mean", "zero", or "noise": Gaussian noise with the patch's
            mean and standard deviation.
        seeds: random seed of each patch's noise.

    Shape:
        patches: [n, frames, bands]; seeds: [n] int64; result: [n, 1, 1] or [n, frames, bands].
    """
    if fill == "minimum":
        return patches.amin(dim=(1, 2), keepdim=True)
    if fill == "zero":
        return patches.new_zeros(len(patches), 1, 1)
    mean = patches.mean(dim=(1, 2), keepdim=True)
    if fill == "mean":
        return mean
    std = (patches - mean).square().mean(dim=(1, 2), keepdim=True).sqrt()
    noise = standard_normal(seeds, patches.shape[1] * patches.shape[2]).view_as(patches)
    return torch.addcmul(mean, std, noise)
