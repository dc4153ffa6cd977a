"""Masks over bands or frames of a patch, and what stands in them."""

from typing import Literal

import torch
from torch import Tensor

from soundalike.views.augmentation import uniform_integers
from soundalike.views.noise import standard_normal

Fill = Literal["minimum", "mean", "zero", "noise"]


def draw_masks(
    n: int, n_masks: int, widest: int, length: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw where the masks of every patch begin and how wide they are.

    Args:
        n: number of patches.
        n_masks: masks of a patch; they may overlap.
        widest: widths are drawn from 0 to this, or to the length if that is less.
        length: frames or bands of a patch; a mask lies anywhere inside.
        generator: on the CPU.

    Shape:
        first, width: [n, n_masks] int64.
    """
    n_widths = torch.full((n, n_masks), min(widest, length) + 1)
    width = uniform_integers(n_widths, generator)
    return uniform_integers(length - width + 1, generator), width


def covered(first: Tensor, width: Tensor, length: int) -> Tensor:
    """Tell which of ``length`` places any of a patch's masks covers.

    Shape:
        first, width: [n, n_masks]; result: [n, length] bool.

    >>> covered(torch.tensor([[1, 4]]), torch.tensor([[2, 1]]), length=6).int()
    tensor([[0, 1, 1, 0, 1, 0]], dtype=torch.int32)
    """
    place = torch.arange(length, device=first.device)
    first, end = first[..., None], (first + width)[..., None]
    return ((first <= place) & (place < end)).any(dim=1)


def fill_values(patches: Tensor, fill: Fill, seeds: Tensor) -> Tensor:
    """Return what stands in the masks of every patch.

    Args:
        patches: log10-mel energies before they are masked.
        fill: the patch's "minimum" or "mean"; "zero"; or "noise", Gaussian with the patch's mean
            and standard deviation.
        seeds: decide the noise of every patch.

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
