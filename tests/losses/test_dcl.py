"""DCL compared with its definition and with NT-Xent."""

import pytest
import torch
from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.dcl import DCL
from soundalike.losses.nt_xent import NTXent


def views(batch: int, dim: int = 16) -> tuple[Tensor, Tensor]:
    z_a, z_b = torch.randn(2, batch, dim, generator=torch.Generator().manual_seed(0))
    return z_a, z_b


def plain_dcl(z_a: Tensor, z_b: Tensor, temperature: float) -> Tensor:
    batch = len(z_a)
    z = [row / row.norm() for row in [*z_a, *z_b]]
    total = torch.zeros(())
    for i, anchor in enumerate(z):
        others = sum(
            torch.exp(anchor @ z[k] / temperature)
            for k in range(2 * batch)
            if k % batch != i % batch
        )
        total += torch.log(others) - anchor @ z[(i + batch) % (2 * batch)] / temperature
    return total / (2 * batch)


@pytest.mark.parametrize("temperature", [0.05, 0.2, 1.0])
@pytest.mark.parametrize("batch", [2, 3, 9])
def test_equals_the_definition_in_plain_loops(batch: int, temperature: float) -> None:
    z_a, z_b = views(batch)
    torch.testing.assert_close(
        DCL(temperature)(z_a, z_b, Batch()), plain_dcl(z_a, z_b, temperature)
    )


def test_views_that_agree_still_push_the_others_away_as_much() -> None:
    """NT-Xent's gradient vanishes once the positive pair stands out; that of DCL does not."""
    z_a = torch.eye(4, requires_grad=True)
    gradients = {}
    for loss in (DCL(0.1), NTXent(0.1)):
        (gradients[type(loss)],) = torch.autograd.grad(loss(z_a, torch.eye(4), Batch()), z_a)
    assert gradients[DCL].abs().max() > 100 * gradients[NTXent].abs().max()


def test_refuses_a_single_clip_and_a_temperature_that_is_not_positive() -> None:
    with pytest.raises(ValueError, match="at least 2 clips"):
        DCL()(*views(1), Batch())
    with pytest.raises(ValueError, match="temperature above 0, got 0"):
        DCL(0)
