"""Noise compared with its definition, and its statistics."""

import math

import pytest
import torch
from scipy import stats

from soundalike.views.noise import Noise, standard_normal


def plain_standard_normal(seed: int, n_values: int) -> list[float]:
    """Follow SplitMix64 with Python's numbers, and take the quantiles from scipy."""
    values: list[float] = []
    for i in range(1, n_values // 4 + 2):
        z = (seed + i * 0x9E3779B97F4A7C15) % 2**64
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        z = z ^ (z >> 31)
        for lowest_bit in (0, 16, 32, 48):
            bits = (z >> lowest_bit) % 2**16
            signed = bits - 2**16 if bits >= 2**15 else bits
            values.append(float(stats.norm.ppf((signed + 2**15 + 0.5) / 2**16)))
    return values[:n_values]


@pytest.mark.parametrize("n_values", [1, 10, 11, 12])
def test_equals_the_definition_in_plain_numbers(n_values: int) -> None:
    seeds = [0, 1, 1234567, 2**63 - 1]
    expected = torch.tensor([plain_standard_normal(seed, n_values) for seed in seeds])
    values = standard_normal(torch.tensor(seeds), n_values)
    torch.testing.assert_close(values, expected, rtol=1e-4, atol=1e-4)


def test_is_standard_normal() -> None:
    values = standard_normal(torch.arange(20), 9696).flatten()
    assert stats.kstest(values.numpy(), "norm").pvalue > 0.01
    assert 4 < values.abs().max() < 4.4


def test_neighboring_seeds_and_columns_are_uncorrelated() -> None:
    values = standard_normal(torch.arange(50), 2000)
    bound = 5 / math.sqrt(2000)
    correlation = torch.corrcoef(values) - torch.eye(50)
    assert correlation.abs().max() < bound
    for lag in (1, 2, 1000):
        assert (values[:, lag:] * values[:, :-lag]).mean().abs() < 5 / math.sqrt(50 * 1000)


def test_the_noise_of_a_patch_has_the_standard_deviation_of_its_draw() -> None:
    noise = Noise(highest_std=0.01)
    draws = noise.draw(200, 101, 96, torch.Generator().manual_seed(0))
    assert 0 <= draws["std"].min() < 0.001
    assert 0.009 < draws["std"].max() <= 0.01
    added = noise.apply(torch.zeros(200, 101, 96), draws)
    torch.testing.assert_close(added.std(dim=(1, 2)), draws["std"], rtol=0.05, atol=1e-6)
    torch.testing.assert_close(added.mean(dim=(1, 2)), torch.zeros(200), rtol=0, atol=5e-4)


def test_no_standard_deviation_adds_nothing() -> None:
    noise = Noise(highest_std=0)
    patches = torch.linspace(-8, 6, 3 * 11 * 7).view(3, 11, 7)
    draws = noise.draw(3, 11, 7, torch.Generator().manual_seed(0))
    assert torch.equal(noise.apply(patches, draws), patches)


@pytest.mark.parametrize("highest_std", [-0.01, math.inf, math.nan])
def test_refuses_a_standard_deviation_out_of_range(highest_std: float) -> None:
    with pytest.raises(ValueError, match="highest_std of at least 0"):
        Noise(highest_std)
