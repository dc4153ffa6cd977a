"""BYOL's distance."""

import pytest
import torch

from soundalike.losses.byol import BYOL


def test_is_the_squared_distance_of_unit_vectors() -> None:
    z_a, z_b = torch.randn(2, 8, 16, generator=torch.Generator().manual_seed(0))
    total = 0.0
    for a, b in zip(z_a, z_b, strict=True):
        total += float(((a / a.norm() - b / b.norm()) ** 2).sum())
    assert BYOL()(z_a, z_b).item() == pytest.approx(total / 8, rel=1e-5)


def test_lies_between_0_and_4() -> None:
    z = torch.eye(3)
    assert BYOL()(z, z).item() == 0
    assert BYOL()(z, -z).item() == 4


def test_refuses_what_no_target_network_can_be_made_of() -> None:
    with pytest.raises(ValueError, match=r"momentum from 0 to 1 .* got 1.5 and 1024"):
        BYOL(momentum=1.5)
    with pytest.raises(ValueError, match=r"hidden_dim from 1 on, got 0.99 and 0"):
        BYOL(hidden_dim=0)
