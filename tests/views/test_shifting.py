import pytest
import torch

from soundalike.views.shifting import FrequencyShift, TimeShift, circular_shift

N_FRAMES, N_BANDS = 31, 12


def noise(n: int) -> torch.Tensor:
    return torch.randn(n, N_FRAMES, N_BANDS, generator=torch.Generator().manual_seed(1)) - 4


def draw(shift: TimeShift | FrequencyShift, n: int) -> dict[str, torch.Tensor]:
    return shift.draw(n, N_FRAMES, N_BANDS, torch.Generator().manual_seed(0))


def test_time_moves_later_and_around_the_end() -> None:
    patches, shift = noise(3), torch.tensor([0, 1, 29])
    views = TimeShift().apply(patches, {"shift": shift})
    for i, frame in torch.cartesian_prod(torch.arange(3), torch.arange(N_FRAMES)).tolist():
        assert torch.equal(views[i, (frame + shift[i]) % N_FRAMES], patches[i, frame])


def test_frequency_moves_up_and_around_the_top() -> None:
    patches, shift = noise(3), torch.tensor([0, 1, 9])
    views = FrequencyShift().apply(patches, {"shift": shift})
    for i, band in torch.cartesian_prod(torch.arange(3), torch.arange(N_BANDS)).tolist():
        assert torch.equal(views[i, :, (band + shift[i]) % N_BANDS], patches[i, :, band])


@pytest.mark.parametrize("shift", [TimeShift(), FrequencyShift()])
def test_a_shift_keeps_the_energy(shift) -> None:
    patches = noise(50)
    views = shift.apply(patches, draw(shift, 50))
    energy, expected = ((10 ** x.double()).sum(dim=(1, 2)) for x in (views, patches))
    torch.testing.assert_close(energy, expected)


@pytest.mark.parametrize("dim", [1, 2])
def test_shifting_back_returns_the_patch(dim: int) -> None:
    patches, shift = noise(4), torch.tensor([1, 5, 9, 200])  # also farther than the patch is long
    there = circular_shift(patches, shift, dim)
    assert torch.equal(circular_shift(there, -shift, dim), patches)


@pytest.mark.parametrize(
    ("shift", "fewest", "most"),
    [(TimeShift(), 1, 29), (FrequencyShift(), 1, 9), (TimeShift([3, 3]), 3, 3)],
)
def test_every_shift_of_the_range_is_equally_likely(shift, fewest: int, most: int) -> None:
    counts = torch.bincount(draw(shift, 20_000)["shift"])
    assert counts[:fewest].sum() == 0
    assert len(counts) == most + 1
    expected = 20_000 / (most - fewest + 1)
    assert (counts[fewest:] - expected).abs().max() <= 5 * expected**0.5


@pytest.mark.parametrize("limits", [(-1, 5), (5, 4), (3,), (1, 2, 3), (float("nan"), 2)])
def test_refuses_an_impossible_range(limits) -> None:
    with pytest.raises(ValueError, match=r"frames \[fewest, most\] of at least 0"):
        TimeShift(limits)
    with pytest.raises(ValueError, match=r"bands \[fewest, most\] of at least 0"):
        FrequencyShift(limits)
