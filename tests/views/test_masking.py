import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from soundalike.views.masking import draw_masks, fill_values, mask_of

SEEDS = torch.tensor([5, 6, 7])


def draw(n: int, widest: int, length: int, n_masks: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    return draw_masks(n, n_masks, widest, length, torch.Generator().manual_seed(0))


def noise() -> torch.Tensor:
    scale = torch.tensor([1.0, 0.1, 3.0])[:, None, None]
    return torch.randn(3, 101, 96, generator=torch.Generator().manual_seed(1)) * scale - 4


@given(st.integers(1, 30), st.integers(0, 40), st.integers(0, 4), st.integers(0, 2**32))
def test_equals_the_definition_in_plain_loops(
    length: int, widest: int, n_masks: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    first, width = draw_masks(3, n_masks, widest, length, generator)
    expected = torch.zeros(3, length, dtype=torch.bool)
    for i in range(3):
        for mask in range(n_masks):
            assert 0 <= first[i, mask] <= first[i, mask] + width[i, mask] <= length
            expected[i, first[i, mask] : first[i, mask] + width[i, mask]] = True
    assert torch.equal(mask_of(first, width, length), expected)


def test_every_width_up_to_the_widest_is_equally_likely() -> None:
    _, width = draw(10_000, widest=19, length=96)
    counts = torch.bincount(width.flatten())
    assert len(counts) == 20
    assert (counts - 1000).abs().max() < 5 * 1000**0.5


def test_a_mask_lies_anywhere_inside() -> None:
    first, width = draw(20_000, widest=4, length=9)
    for w in range(5):
        assert set(first[width == w].tolist()) == set(range(9 - w + 1))


def test_the_masks_of_a_patch_are_drawn_one_by_one() -> None:
    first, width = draw(1000, widest=19, length=96)
    assert (first[:, 0] != first[:, 1]).float().mean() > 0.9
    assert torch.corrcoef(width.T.float())[0, 1].abs() < 0.15


def test_a_mask_is_no_wider_than_the_patch() -> None:
    _, width = draw(1000, widest=19, length=6)
    assert width.max() == 6


def test_minimum_mean_and_zero_are_those_of_the_patch() -> None:
    patches = noise()
    minimum, mean, zero = (fill_values(patches, f, SEEDS) for f in ("minimum", "mean", "zero"))
    for i, patch in enumerate(patches):
        assert minimum[i].item() == min(patch.flatten().tolist())
        assert mean[i].item() == pytest.approx(sum(patch.flatten().tolist()) / (101 * 96), rel=1e-5)
        assert zero[i].item() == 0


def test_noise_has_the_mean_and_the_deviation_of_the_patch() -> None:
    patches = noise()
    filled = fill_values(patches, "noise", SEEDS)
    assert filled.shape == patches.shape
    torch.testing.assert_close(filled.std(dim=(1, 2)), patches.std(dim=(1, 2)), rtol=0.05, atol=0)
    off = (filled.mean(dim=(1, 2)) - patches.mean(dim=(1, 2))) / patches.std(dim=(1, 2))
    assert off.abs().max() < 5 / (101 * 96) ** 0.5


def test_noise_follows_the_seed_of_its_patch() -> None:
    patches = noise()
    filled = fill_values(patches, "noise", SEEDS)
    assert torch.equal(fill_values(patches[1:], "noise", SEEDS[1:]), filled[1:])
    other = fill_values(patches, "noise", SEEDS + torch.tensor([0, 1, 0]))
    assert (other != filled).any(dim=(1, 2)).tolist() == [False, True, False]


def test_noise_in_a_patch_of_one_value_is_that_value() -> None:
    patches = torch.full((3, 1, 1), -8.0)
    assert torch.equal(fill_values(patches, "noise", SEEDS), patches)
