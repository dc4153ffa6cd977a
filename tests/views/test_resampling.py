import math

import pytest
import torch

from soundalike.views.resampling import interpolate, take


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("dim", [1, 2])
def test_take_equals_the_definition_in_plain_loops(dim: int) -> None:
    patches = noise(3, 7, 5)
    index = torch.tensor([[4, 0, 0], [1, 2, 3], [3, 3, 4]])
    taken = take(patches, index, dim)
    assert taken.shape[dim] == 3
    for i, place in torch.cartesian_prod(torch.arange(3), torch.arange(3)).tolist():
        expected = patches[i].select(dim - 1, int(index[i, place]))
        assert torch.equal(taken[i].select(dim - 1, place), expected)


@pytest.mark.parametrize("dim", [1, 2])
def test_interpolates_as_a_plain_loop_would(dim: int) -> None:
    patches = noise(2, 7, 5)
    position, first = torch.tensor([[0.0, 0.25, 2.5], [1.75, 2.0, 0.1]]), torch.tensor([[0], [2]])
    result = interpolate(patches, position, dim, first)
    for i, place in torch.cartesian_prod(torch.arange(2), torch.arange(3)).tolist():
        where = position[i, place].item() + first[i].item()
        lower, upper = (patches[i].select(dim - 1, f(where)) for f in (math.floor, math.ceil))
        expected = lower + (where - math.floor(where)) * (upper - lower)
        torch.testing.assert_close(result[i].select(dim - 1, place), expected)


def test_a_whole_position_ignores_its_neighbors() -> None:
    patches = torch.full((1, 3, 2), torch.nan)
    patches[:, 1] = 5
    result = interpolate(patches, torch.tensor([[1.0, 1.0]]), dim=1)
    assert torch.equal(result, torch.full((1, 2, 2), 5.0))
