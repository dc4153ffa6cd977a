"""Gaussian noise on the log energies."""

import math
from functools import lru_cache

import torch
from torch import Tensor

from soundalike.views.augmentation import Draws


class Noise:
    """Add Gaussian noise to a patch's log energies (Fonseca et al. 2021).

    The noise of a patch is a function of the patch's seed alone, computed on the patch's device. It
    does not depend on the rest of the batch, on how the batch is divided, or on the device (except
    for rounding).

    Args:
        highest_std: highest standard deviation, in log10 units; the standard deviation of a patch
            is drawn from U(0, highest_std).

    Raises:
        ValueError: ``highest_std`` is negative.
    """

    def __init__(self, highest_std: float = 0.01) -> None:
        if not 0 <= highest_std < math.inf:
            raise ValueError(f"Noise needs a highest_std of at least 0, got {highest_std}.")
        self.highest_std = highest_std

    def draw(self, n: int, n_frames: int, n_bands: int, generator: torch.Generator) -> Draws:
        """Draw one ``std`` and one ``seed`` per patch."""
        std = torch.empty(n).uniform_(0, self.highest_std, generator=generator)
        return {"std": std, "seed": torch.randint(2**63 - 1, (n,), generator=generator)}

    def apply(self, patches: Tensor, draws: Draws) -> Tensor:
        """Add its noise to every patch: [n, frames, bands]."""
        n_values = patches.shape[1] * patches.shape[2]
        noise = standard_normal(draws["seed"], n_values).view_as(patches)
        return torch.addcmul(patches, noise, draws["std"][:, None, None])


def standard_normal(seeds: Tensor, n_values: int) -> Tensor:
    """Return standard normal numbers, each a function of its row's seed and its column.

    Every four columns hash to 64 bits (SplitMix64; Steele et al. 2014), and each 16 of these bits
    choose one of 65,536 equally likely quantiles of the normal distribution.

    Shape:
        seeds: [n] int64; result: [n, n_values] float32.
    """
    bits = _split_mix_64(seeds, (n_values + 3) // 4).view(torch.int16)[:, :n_values]
    index = bits.int().add_(2**15).flatten()
    return _quantiles(seeds.device).index_select(0, index).view(len(seeds), n_values)


@lru_cache
def _quantiles(device: torch.device) -> Tensor:
    """Return the middle quantiles of 65,536 equally likely ranges, from -4.3 to 4.3."""
    middle = (torch.arange(2**16, dtype=torch.float64) + 0.5) / 2**16
    return torch.special.ndtri(middle).float().to(device)


def _split_mix_64(seeds: Tensor, n_values: int) -> Tensor:
    """Return the first numbers of the SplitMix64 generator of every seed: [n, n_values] int64."""
    counter = torch.arange(1, n_values + 1, device=seeds.device)
    bits = seeds[:, None] + counter * _signed(0x9E3779B97F4A7C15)
    _xor_shifted_(bits, 30).mul_(_signed(0xBF58476D1CE4E5B9))
    _xor_shifted_(bits, 27).mul_(_signed(0x94D049BB133111EB))
    return _xor_shifted_(bits, 31)


def _xor_shifted_(bits: Tensor, n: int) -> Tensor:
    # The mask clears the copies of the sign bit that >> shifts in.
    return bits.bitwise_xor_((bits >> n).bitwise_and_(2 ** (64 - n) - 1))


def _signed(bits: int) -> int:
    return bits - 2**64 if bits >= 2**63 else bits
