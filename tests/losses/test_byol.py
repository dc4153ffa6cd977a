"""BYOL: the distance, the predictor and the target network, and what gets a gradient."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from soundalike.losses.batch import Batch
from soundalike.losses.byol import BYOL, MomentumNetwork


def make_network() -> MomentumNetwork:
    torch.manual_seed(0)
    projector = nn.Sequential(nn.Flatten(), nn.Linear(6, 8), nn.BatchNorm1d(8))
    return MomentumNetwork(projector, dim=8, hidden_dim=12)


def test_is_the_squared_distance_of_unit_vectors() -> None:
    z_a, z_b = torch.randn(2, 8, 16, generator=torch.Generator().manual_seed(0))
    total = 0.0
    for a, b in zip(z_a, z_b, strict=True):
        total += float(((a / a.norm() - b / b.norm()) ** 2).sum())
    assert BYOL()(z_a, z_b, Batch()).item() == pytest.approx(total / 8, rel=1e-5)


def test_lies_between_0_and_4() -> None:
    z = torch.eye(3)
    assert BYOL()(z, z, Batch()).item() == 0
    assert BYOL()(z, -z, Batch()).item() == 4


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match=r"momentum from 0 to 1 .* got 1.5 and 1024"):
        BYOL(momentum=1.5)
    with pytest.raises(ValueError, match=r"hidden_dim of at least 1, got 0.99 and 0"):
        BYOL(hidden_dim=0)


@pytest.mark.parametrize("merge", [True, False])
def test_a_view_predicts_the_target_of_the_other_view(merge) -> None:
    views = torch.randn(2, 5, 3, 2, generator=torch.Generator().manual_seed(0))
    network, by_hand = make_network(), make_network()

    def run(views: torch.Tensor, **options: str) -> torch.Tensor:
        passes = [views.flatten(0, 1)] if merge else list(views)
        return torch.cat([network(each, **options) for each in passes])

    loss = BYOL()
    value = loss(*loss.project(run, views), Batch())
    a, b = views
    if merge:
        z_a, z_b = by_hand.predictor(by_hand.projector(torch.cat([a, b]))).chunk(2)
        t_b, t_a = by_hand.target(torch.cat([b, a])).chunk(2)
    else:
        z_a, z_b = (by_hand.predictor(by_hand.projector(view)) for view in (a, b))
        t_b, t_a = (by_hand.target(view) for view in (b, a))
    z_a, z_b, t_a, t_b = (F.normalize(z, dim=1) for z in (z_a, z_b, t_a, t_b))
    expected = ((z_a - t_b).square().sum(1).mean() + (z_b - t_a).square().sum(1).mean()) / 2
    torch.testing.assert_close(value, expected)
    value.backward()
    assert all(parameter.grad is None for parameter in network.target.parameters())
    assert all(parameter.grad is not None for parameter in network.predictor.parameters())


def test_the_target_starts_as_a_copy_and_follows_slowly() -> None:
    network = BYOL(momentum=0.9).network(make_network().projector, dim=8)
    before = [parameter.clone() for parameter in network.target.parameters()]
    for slow, fast in zip(before, network.projector.parameters(), strict=True):
        assert torch.equal(slow, fast)
    with torch.no_grad():
        for parameter in network.projector.parameters():
            parameter += 1
    BYOL(momentum=0.9).after_step(network)
    for slow, old in zip(network.target.parameters(), before, strict=True):
        torch.testing.assert_close(slow, old + 0.1)


def test_z_is_that_of_the_projector() -> None:
    network = make_network().eval()
    views = torch.randn(3, 3, 2)
    assert torch.equal(network(views), network.projector(views))
    assert not torch.equal(network(views, output="prediction"), network(views))
