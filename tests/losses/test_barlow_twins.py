"""Barlow Twins compared with its definition, and its invariances."""

import pytest
import torch
from torch import Tensor

from soundalike.losses.barlow_twins import BarlowTwins
from soundalike.losses.batch import Batch


def views(batch: int = 32, dim: int = 6) -> tuple[Tensor, Tensor]:
    z = torch.randn(batch, dim, generator=torch.Generator().manual_seed(0))
    return z, z + 0.5 * torch.randn(batch, dim, generator=torch.Generator().manual_seed(1))


def plain_barlow_twins(z_a: Tensor, z_b: Tensor, off_diagonal: float) -> float:
    total = 0.0
    for i, a in enumerate(z_a.double().T):
        for j, b in enumerate(z_b.double().T):
            a_centered, b_centered = a - a.mean(), b - b.mean()
            correlation = (a_centered * b_centered).sum() / (a_centered.norm() * b_centered.norm())
            total += (1 - correlation) ** 2 if i == j else off_diagonal * correlation**2
    return float(total)


@pytest.mark.parametrize("off_diagonal", [0.0, 0.005, 1.0])
def test_equals_the_definition_in_plain_loops(off_diagonal: float) -> None:
    z_a, z_b = views()
    expected = plain_barlow_twins(z_a, z_b, off_diagonal)
    assert BarlowTwins(off_diagonal)(z_a, z_b, Batch()).item() == pytest.approx(expected, rel=1e-3)


def test_scale_and_offset_of_a_dimension_do_not_matter() -> None:
    z_a, z_b = views()
    moved = z_a * torch.linspace(0.5, 20, 6) + torch.linspace(-3, 3, 6)
    torch.testing.assert_close(
        BarlowTwins()(moved, z_b, Batch()), BarlowTwins()(z_a, z_b, Batch()), rtol=1e-3, atol=0
    )


def test_dimensions_that_say_the_same_cost() -> None:
    z = views(1000)[0]
    twice = torch.cat([z[:, :3], z[:, :3]], dim=1)
    assert BarlowTwins()(twice, twice, Batch()) > 5 * BarlowTwins()(z, z, Batch())


def test_refuses_a_negative_weight() -> None:
    with pytest.raises(ValueError, match="at least 0, got -1"):
        BarlowTwins(-1)
