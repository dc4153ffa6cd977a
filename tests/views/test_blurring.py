import math

import numpy as np
import pytest
import torch
from scipy import ndimage

from soundalike.views.blurring import Blur


def noise(n: int, n_frames: int = 101, n_bands: int = 96) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, n_frames, n_bands, generator=generator) - 4


@pytest.mark.parametrize("shape", [(101, 96), (4, 3), (1, 1), (1, 40)])
def test_equals_scipy_with_the_same_radius(shape: tuple[int, int]) -> None:
    patches, sigma = noise(4, *shape), torch.tensor([0.1, 0.7, 1.3, 2.0])
    views = Blur().apply(patches, {"sigma": sigma})
    for view, patch, own in zip(views, patches.double().numpy(), sigma.tolist(), strict=True):
        expected = ndimage.gaussian_filter(patch, own, mode="reflect", radius=6)
        np.testing.assert_allclose(view.numpy(), expected, atol=2e-6)


def test_a_single_value_spreads_as_a_gaussian_in_a_plain_loop() -> None:
    patch = torch.zeros(1, 31, 31)
    patch[0, 15, 15] = 1
    view = Blur().apply(patch, {"sigma": torch.tensor([1.5])})[0]
    weights = [math.exp(-((i / 1.5) ** 2) / 2) if abs(i) <= 6 else 0 for i in range(-15, 16)]
    for t in range(31):
        for band in range(31):
            expected = weights[t] * weights[band] / sum(weights) ** 2
            assert view[t, band].item() == pytest.approx(expected, abs=1e-6)


def test_a_constant_patch_stays() -> None:
    patches = torch.full((3, 20, 9), -3.5)
    views = Blur().apply(patches, {"sigma": torch.tensor([0.1, 1.0, 2.0])})
    torch.testing.assert_close(views, patches, rtol=0, atol=2e-6)


@pytest.mark.parametrize("shape", [(101, 96), (5, 3)])
def test_a_patch_keeps_its_mean_and_its_bounds(shape: tuple[int, int]) -> None:
    patches, blur = noise(20, *shape), Blur(probability=1)
    views = blur.apply(patches, blur.draw(20, *shape, torch.Generator().manual_seed(0)))
    torch.testing.assert_close(views.mean(dim=(1, 2)), patches.mean(dim=(1, 2)))
    assert (views.amax(dim=(1, 2)) <= patches.amax(dim=(1, 2))).all()
    assert (views.std(dim=(1, 2)) < patches.std(dim=(1, 2)) + 1e-6).all()


def test_sigma_zero_does_not_change_the_patch() -> None:
    patches = noise(2)
    assert torch.equal(Blur().apply(patches, {"sigma": torch.zeros(2)}), patches)
    assert torch.equal(Blur(sigma=(0, 0)).apply(patches, {"sigma": torch.zeros(2)}), patches)


def test_half_of_the_patches_are_blurred_by_a_sigma_of_the_range() -> None:
    sigma = Blur().draw(20_000, 101, 96, torch.Generator().manual_seed(0))["sigma"]
    blurred = sigma[sigma > 0]
    assert len(blurred) / 20_000 == pytest.approx(0.5, abs=5 * 0.5 / 20_000**0.5)
    assert 0.1 <= blurred.min() < 0.11
    assert 1.99 < blurred.max() <= 2
    assert blurred.mean().item() == pytest.approx(1.05, abs=0.03)


@pytest.mark.parametrize("sigma", [(-0.1, 2.0), (2.0, 0.1), (1.0,), (0.1, math.inf), (math.nan, 1)])
def test_refuses_an_impossible_sigma(sigma: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"sigma \[low, high\] of at least 0"):
        Blur(sigma=sigma)


@pytest.mark.parametrize("probability", [-0.1, 1.1, math.nan])
def test_refuses_a_probability_out_of_range(probability: float) -> None:
    with pytest.raises(ValueError, match="probability from 0 to 1"):
        Blur(probability=probability)
