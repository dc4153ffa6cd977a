import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from soundalike.views.mix_back import MixBack, mix_back, mix_log_mels

PATCH_FRAMES = 10


def energy(log_mel: torch.Tensor) -> torch.Tensor:
    return (10 ** log_mel.double()).sum(dim=(-2, -1))


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) - 4


def plain_mix_back(patch: list, background: list, weight: float) -> list:
    patch_energy = sum(10**x for row in patch for x in row)
    background_energy = sum(10**b for row in background for b in row)
    return [
        [
            math.log10((1 - weight) * 10**x + weight * patch_energy / background_energy * 10**b)
            for x, b in zip(patch_row, background_row, strict=True)
        ]
        for patch_row, background_row in zip(patch, background, strict=True)
    ]


log_mels = arrays.arrays(
    np.float16, (2, 5, 3), elements=st.floats(-8, 6, width=16, allow_subnormal=False)
)


@given(log_mels, log_mels, st.lists(st.floats(0, 0.99), min_size=2, max_size=2))
def test_equals_the_definition_in_plain_loops(patch, background, weight) -> None:
    patch, background = (torch.from_numpy(x).float() for x in (patch, background))
    mixture = mix_back(patch, background, torch.tensor(weight))
    for i in range(2):
        expected = plain_mix_back(patch[i].tolist(), background[i].tolist(), weight[i])
        torch.testing.assert_close(mixture[i], torch.tensor(expected), rtol=0, atol=1e-5)


@given(log_mels, log_mels, st.floats(0, 0.99))
def test_the_mixture_keeps_the_energy_of_the_patch(patch, background, weight) -> None:
    patch, background = (torch.from_numpy(x).float() for x in (patch, background))
    mixture = mix_back(patch, background, torch.full((2,), weight))
    torch.testing.assert_close(energy(mixture), energy(patch), rtol=1e-4, atol=0)


@given(log_mels, log_mels, st.floats(0, 0.99))
def test_log_mels_are_mixed_value_by_value(patch, background, weight) -> None:
    mixture = mix_log_mels(
        *(torch.from_numpy(x).float() for x in (patch, background)), torch.full((2,), weight)
    )
    for mixed, x, b in zip(
        mixture.flatten().tolist(), *(x.ravel().tolist() for x in (patch, background)), strict=True
    ):
        assert mixed == pytest.approx((1 - weight) * x + weight * b, abs=1e-4)


def test_standardizing_before_or_after_mixing_log_mels_is_the_same() -> None:
    patch, background, weight = noise(2, 9, 5), noise(2, 9, 5, seed=1), torch.tensor([0.1, 0.4])
    after = (mix_log_mels(patch, background, weight) + 4) / 1.7
    before = mix_log_mels((patch + 4) / 1.7, (background + 4) / 1.7, weight)
    torch.testing.assert_close(before, after)


def test_the_scale_chooses_how_to_mix() -> None:
    assert MixBack().mix is mix_back
    assert MixBack(scale="log").mix is mix_log_mels
    with pytest.raises(ValueError, match="no scale 'decibel'"):
        MixBack(scale="decibel")


def test_weight_zero_returns_the_patch() -> None:
    patch = torch.linspace(-8, 6, 2 * 101 * 96).view(2, 101, 96)
    mixture = mix_back(patch, noise(2, 101, 96), torch.zeros(2))
    torch.testing.assert_close(mixture, patch, rtol=0, atol=1e-5)


def test_the_weight_is_the_share_of_energy_that_the_background_takes() -> None:
    low, high = torch.full((1, 4, 2), -30.0), torch.full((1, 4, 2), -30.0)
    low[:, :, 0], high[:, :, 1] = -3, 2  # sounds that share no band, the background far louder
    mixture = mix_back(low, high, torch.tensor([0.05]))
    share = energy(mixture[:, :, 1:]) / energy(mixture)
    assert share.item() == pytest.approx(0.05, rel=1e-4)


def test_the_level_of_the_background_does_not_matter() -> None:
    patch, background, weight = noise(2, 9, 7), noise(2, 9, 7, seed=1), torch.tensor([0.05, 0.5])
    mixture = mix_back(patch, background, weight)
    torch.testing.assert_close(mix_back(patch, background + 3, weight), mixture, rtol=0, atol=1e-5)


def test_mixing_a_patch_with_itself_changes_nothing() -> None:
    patch = noise(2, 9, 7)
    mixture = mix_back(patch, patch, torch.tensor([0.05, 0.9]))
    torch.testing.assert_close(mixture, patch, rtol=0, atol=1e-5)


def draw(mix: MixBack, clips: torch.Tensor, n_frames: torch.Tensor, starts: torch.Tensor) -> dict:
    return mix.draw(clips, starts, n_frames, PATCH_FRAMES, torch.Generator().manual_seed(0))


def test_other_clips_are_two_different_ones_all_equally_likely() -> None:
    n_frames = torch.tensor([10, 11, 13, 50, 200])
    clips = torch.arange(5).repeat(4000)
    draws = draw(MixBack(), clips, n_frames, torch.zeros(20_000, 2, dtype=torch.int64))
    first, second = draws["clip"].T
    assert (first != clips).all()
    assert (second != clips).all()
    assert (first != second).all()
    counts = torch.bincount(25 * clips + 5 * first + second, minlength=125)
    counts = counts[counts > 0]
    assert len(counts) == 5 * 4 * 3
    assert (counts - 4000 / 12).abs().max() < 5 * math.sqrt(4000 / 12)


def test_backgrounds_of_other_clips_start_anywhere_in_them() -> None:
    n_frames = torch.tensor([10, 11, 13])
    clips = torch.arange(3).repeat(200)
    draws = draw(MixBack(), clips, n_frames, torch.zeros(600, 2, dtype=torch.int64))
    for clip, n in enumerate([1, 2, 4]):
        assert set(draws["start"][draws["clip"] == clip].tolist()) == set(range(n))


def test_a_clip_has_one_weight_from_zero_to_alpha() -> None:
    clips = torch.arange(5).repeat(400)
    starts = torch.zeros(2000, 2, dtype=torch.int64)
    weight = draw(MixBack(alpha=0.3), clips, torch.full((5,), 10), starts)["weight"]
    assert weight.shape == (2000,)
    assert 0 <= weight.min() < 0.001
    assert 0.299 < weight.max() < 0.3


def test_within_a_clip_the_background_does_not_overlap_the_patch() -> None:
    clips = torch.zeros(3000, dtype=torch.int64)
    generator = torch.Generator().manual_seed(1)
    starts = torch.randint(0, 45 - PATCH_FRAMES + 1, (3000, 2), generator=generator)
    draws = draw(MixBack(source="within_clip"), clips, torch.tensor([45]), starts)
    assert (draws["clip"] == 0).all()
    assert (draws["weight"] > 0).all()
    assert ((draws["start"] - starts).abs() >= PATCH_FRAMES).all()
    assert draws["start"].min() == 0
    assert draws["start"].max() == 45 - PATCH_FRAMES
    of_patch_in_the_middle = draws["start"][starts == 17]
    expected = set(range(17 - PATCH_FRAMES + 1)) | set(range(27, 36))
    assert set(of_patch_in_the_middle.tolist()) == expected


def test_within_a_clip_shorter_than_four_patches_nothing_is_mixed() -> None:
    n_frames = torch.tensor([4 * PATCH_FRAMES - 1, 4 * PATCH_FRAMES])
    clips, starts = torch.arange(2), torch.tensor([[3, 29], [3, 30]])
    draws = draw(MixBack(source="within_clip"), clips, n_frames, starts)
    assert draws["weight"][0] == 0
    assert draws["start"][0].tolist() == [3, 29]
    assert draws["weight"][1] > 0


def test_without_a_source_nothing_is_mixed() -> None:
    starts = torch.tensor([[0, 7], [20, 3]])
    draws = draw(MixBack(source="none"), torch.arange(2), torch.tensor([99, 99]), starts)
    assert (draws["weight"] == 0).all()
    assert torch.equal(draws["start"], starts)


def test_refuses_to_find_two_other_clips_among_two() -> None:
    starts = torch.zeros(2, 2, dtype=torch.int64)
    with pytest.raises(ValueError, match="at least 3 clips, got 2"):
        draw(MixBack(), torch.arange(2), torch.tensor([10, 10]), starts)


@pytest.mark.parametrize("alpha", [-0.1, 1.0, math.nan])
def test_refuses_an_alpha_out_of_range(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha of at least 0 and below 1"):
        MixBack(alpha=alpha)


def test_refuses_an_unknown_source() -> None:
    with pytest.raises(ValueError, match="choose one of none, other_clips, within_clip"):
        MixBack(source="elsewhere")
