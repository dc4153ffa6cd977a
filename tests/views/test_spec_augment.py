import pytest
import torch

from soundalike.views.masking import fill_values
from soundalike.views.spec_augment import SpecAugment
from soundalike.views.time_warping import warp_time

N, N_FRAMES, N_BANDS = 50, 101, 96
SS = {"warp_frames": 40, "mask_bands": 27, "mask_frames": 70, "mask_share": 0.2}


def draw(augment: SpecAugment, n: int = N) -> dict[str, torch.Tensor]:
    return augment.draw(n, N_FRAMES, N_BANDS, torch.Generator().manual_seed(0))


@pytest.fixture
def patches() -> torch.Tensor:
    return torch.randn(N, N_FRAMES, N_BANDS, generator=torch.Generator().manual_seed(1)) - 4


@pytest.mark.parametrize("fill", ["minimum", "mean", "zero", "noise"])
@pytest.mark.parametrize("settings", [{}, SS, {"n_frequency_masks": 3, "n_time_masks": 1}])
def test_equals_warping_and_then_masking_in_plain_loops(settings, fill, patches) -> None:
    augment = SpecAugment(**settings, fill=fill)
    draws = draw(augment)
    expected = patches.clone()
    if augment.warp_frames:
        expected = warp_time(patches, draws["warp_from"], draws["warp_to"])
    values = fill_values(expected, fill, draws["seed"]).expand_as(patches)
    for i in range(N):
        for t, n_frames in zip(draws["first_frame"][i], draws["n_frames"][i], strict=True):
            expected[i, t : t + n_frames] = values[i, t : t + n_frames]
        for band, n_bands in zip(draws["first_band"][i], draws["n_bands"][i], strict=True):
            expected[i, :, band : band + n_bands] = values[i, :, band : band + n_bands]
    assert torch.equal(augment.apply(patches, draws), expected)


def test_the_released_masks_are_two_and_two_of_up_to_19() -> None:
    draws = draw(SpecAugment(), 2000)
    for name in ("n_bands", "n_frames"):
        assert draws[name].shape == (2000, 2)
        assert set(draws[name].flatten().tolist()) == set(range(20))


def test_a_time_mask_is_at_most_its_share_of_the_patch() -> None:
    draws = draw(SpecAugment(**SS), 2000)
    assert set(draws["n_frames"].flatten().tolist()) == set(range(21))  # 0.2 of 101 frames
    assert set(draws["n_bands"].flatten().tolist()) == set(range(28))


@pytest.mark.parametrize(
    "settings",
    [
        {"n_frequency_masks": 0, "n_time_masks": 0},
        {"mask_bands": 0, "mask_frames": 0},
        {"mask_bands": 0, "mask_share": 0.0},
    ],
)
def test_masks_of_zero_width_change_nothing(settings, patches) -> None:
    augment = SpecAugment(**settings)
    assert torch.equal(augment.apply(patches, draw(augment)), patches)


def test_fill_and_warp_do_not_move_the_masks() -> None:
    plain, other = draw(SpecAugment()), draw(SpecAugment(warp_frames=40, fill="noise"))
    for name in ("first_band", "n_bands", "first_frame", "n_frames", "seed"):
        assert torch.equal(plain[name], other[name])


@pytest.mark.parametrize(
    "name", ["warp_frames", "n_frequency_masks", "mask_bands", "n_time_masks", "mask_frames"]
)
def test_refuses_a_number_below_zero(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} of at least 0, got -1"):
        SpecAugment(**{name: -1})


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_refuses_a_share_out_of_range(share: float) -> None:
    with pytest.raises(ValueError, match="mask_share from 0 to 1"):
        SpecAugment(mask_share=share)


def test_refuses_an_unknown_fill() -> None:
    with pytest.raises(ValueError, match="choose one of minimum, mean, zero, noise"):
        SpecAugment(fill="median")
