import pytest
import torch

from soundalike.views.reversal import Reversal


def noise(n: int) -> torch.Tensor:
    return torch.randn(n, 11, 7, generator=torch.Generator().manual_seed(1)) - 4


def test_the_last_frame_comes_first() -> None:
    patches = noise(2)
    views = Reversal().apply(patches, {"reversed": torch.tensor([True, False])})
    for frame in range(11):
        assert torch.equal(views[0, frame], patches[0, 10 - frame])
    assert torch.equal(views[1], patches[1])


def test_reversing_twice_returns_the_patch() -> None:
    patches, reversal = noise(20), Reversal()
    draws = reversal.draw(20, 11, 7, torch.Generator().manual_seed(0))
    assert torch.equal(reversal.apply(reversal.apply(patches, draws), draws), patches)


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 1.0])
def test_the_share_of_reversed_patches_is_the_probability(probability: float) -> None:
    draws = Reversal(probability).draw(20_000, 11, 7, torch.Generator().manual_seed(0))
    share = draws["reversed"].float().mean().item()
    bound = 5 * (probability * (1 - probability) / 20_000) ** 0.5
    assert share == pytest.approx(probability, abs=bound)


@pytest.mark.parametrize("probability", [-0.1, 1.1, float("nan")])
def test_refuses_a_probability_out_of_range(probability: float) -> None:
    with pytest.raises(ValueError, match="probability from 0 to 1"):
        Reversal(probability)
