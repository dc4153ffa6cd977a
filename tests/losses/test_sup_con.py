"""SupCon against its definition, another library, and NT-Xent."""

import pytest
import torch
from pytorch_metric_learning.losses import SupConLoss
from torch import Tensor

from soundalike.losses.batch import Batch
from soundalike.losses.nt_xent import NTXent
from soundalike.losses.sup_con import SupCon

LABELS = torch.tensor([0, 1, 0, 2, 1, 0])


def views(batch: int = 6, dim: int = 16) -> tuple[Tensor, Tensor]:
    z_a, z_b = torch.randn(2, batch, dim, generator=torch.Generator().manual_seed(0))
    return z_a, z_b


def plain_sup_con(z_a: Tensor, z_b: Tensor, labels: list[int], temperature: float) -> Tensor:
    z = [row / row.norm() for row in [*z_a, *z_b]]
    labels = labels * 2
    total = torch.zeros(())
    for i, anchor in enumerate(z):
        others = [k for k in range(len(z)) if k != i]
        sum_of_all = sum(torch.exp(anchor @ z[k] / temperature) for k in others)
        positives = [k for k in others if labels[k] == labels[i]]
        for k in positives:
            total -= torch.log(torch.exp(anchor @ z[k] / temperature) / sum_of_all) / len(positives)
    return total / len(z)


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_equals_the_definition_in_plain_loops(temperature: float) -> None:
    expected = plain_sup_con(*views(), LABELS.tolist(), temperature)
    torch.testing.assert_close(SupCon(temperature)(*views(), Batch(labels=LABELS)), expected)


def test_equals_pytorch_metric_learning() -> None:
    expected = SupConLoss(temperature=0.2)(torch.cat(views()), LABELS.repeat(2))
    torch.testing.assert_close(SupCon(0.2)(*views(), Batch(labels=LABELS)), expected)


def test_without_labels_is_nt_xent() -> None:
    none = torch.full((6,), -1)
    for labels in (None, none, torch.arange(6)):
        torch.testing.assert_close(
            SupCon()(*views(), Batch(labels=labels)), NTXent()(*views(), Batch())
        )


def test_clips_without_a_label_are_no_class() -> None:
    some = torch.where(LABELS == 2, -1, LABELS)  # class 2 has one clip: the same with and without
    torch.testing.assert_close(
        SupCon()(*views(), Batch(labels=some)), SupCon()(*views(), Batch(labels=LABELS))
    )


def test_refuses_a_temperature_that_is_not_positive() -> None:
    with pytest.raises(ValueError, match="temperature above 0, got -1"):
        SupCon(-1)
