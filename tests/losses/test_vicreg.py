"""VICReg compared with its definition and another library, and each of its terms."""

import pytest
import torch
from pytorch_metric_learning.losses import VICRegLoss
from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.vicreg import VICReg


def views(batch: int = 32, dim: int = 6) -> tuple[Tensor, Tensor]:
    z_a, z_b = torch.randn(2, batch, dim, generator=torch.Generator().manual_seed(0))
    return 0.7 * z_a, 0.7 * z_a + 0.3 * z_b


def plain_vicreg(z_a: Tensor, z_b: Tensor) -> float:
    batch, dim = z_a.shape
    total = 25 * sum((a - b) ** 2 for a, b in zip(z_a.flatten(), z_b.flatten(), strict=True))
    total /= batch * dim
    for z in (z_a, z_b):
        for i in range(dim):
            std = (z[:, i].var() + 1e-4).sqrt()
            total += 25 * max(0, 1 - std) / (2 * dim)
            for j in set(range(dim)) - {i}:
                products = (z[:, i] - z[:, i].mean()) * (z[:, j] - z[:, j].mean())
                total += (products.sum() / (batch - 1)) ** 2 / dim
    return float(total)


def test_equals_the_definition_in_plain_loops() -> None:
    z_a, z_b = views()
    assert VICReg()(z_a, z_b, Batch()).item() == pytest.approx(plain_vicreg(z_a, z_b), rel=1e-4)


def test_equals_pytorch_metric_learning() -> None:
    z_a, z_b = views()
    torch.testing.assert_close(VICReg()(z_a, z_b, Batch()), VICRegLoss()(z_a, ref_emb=z_b))


def test_each_term_measures_its_own_fault() -> None:
    z, _ = views(1000)
    spread = z / z.std(dim=0)
    distance = VICReg(invariance=1, variance=0, covariance=0)
    deviation = VICReg(invariance=0, variance=1, covariance=0)
    redundancy = VICReg(invariance=0, variance=0, covariance=1)
    assert distance(z, z, Batch()) == 0 < distance(z, -z, Batch())
    assert deviation(2 * spread, 2 * spread, Batch()) == 0
    assert deviation(0.5 * spread, 0.5 * spread, Batch()) > 0
    assert redundancy(spread, spread, Batch()) < 0.1
    assert redundancy(spread[:, :1].repeat(1, 6), spread, Batch()) > 0.1


def test_refuses_a_single_clip_and_a_negative_weight() -> None:
    with pytest.raises(ValueError, match="at least 2 clips"):
        VICReg()(*views(1), Batch())
    with pytest.raises(ValueError, match=r"at least 0, got 25.0, -1, 1.0"):
        VICReg(variance=-1)
