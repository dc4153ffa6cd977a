import math

import pytest
import torch

from soundalike.losses.batch import Batch
from soundalike.losses.cross_entropy import CrossEntropy
from soundalike.losses.hard_bootstrapping import HardBootstrapping

LOGITS = 3 * torch.randn(7, 4, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 3, 1, 1, 2, 0, 3])


def plain_hard_bootstrapping(beta: float) -> float:
    total = 0.0
    for row, label in zip(LOGITS.tolist(), LABELS.tolist(), strict=True):
        normalizer = sum(math.exp(value) for value in row)
        for k, value in enumerate(row):
            target = beta * (k == label) + (1 - beta) * (value == max(row))
            total -= target * math.log(math.exp(value) / normalizer)
    return total / len(LOGITS)


@pytest.mark.parametrize("beta", [0.0, 0.8, 1.0])
def test_equals_the_definition_in_plain_loops(beta) -> None:
    loss = HardBootstrapping(beta)(LOGITS, Batch(labels=LABELS)).item()
    assert loss == pytest.approx(plain_hard_bootstrapping(beta), rel=1e-5)


def test_the_gradient_is_probability_minus_target() -> None:
    logits = LOGITS.clone().requires_grad_()
    HardBootstrapping()(logits, Batch(labels=LABELS)).backward()
    one_hot = torch.nn.functional.one_hot
    target = 0.8 * one_hot(LABELS, 4) + 0.2 * one_hot(LOGITS.argmax(dim=1), 4)
    torch.testing.assert_close(logits.grad, (LOGITS.softmax(dim=1) - target) / 7)


def test_with_beta_one_it_is_cross_entropy() -> None:
    batch = Batch(labels=LABELS)
    expected = CrossEntropy()(LOGITS, batch)
    torch.testing.assert_close(HardBootstrapping(1.0)(LOGITS, batch), expected)


@pytest.mark.parametrize("beta", [-0.1, 1.1, math.nan])
def test_refuses_a_beta_out_of_its_range(beta) -> None:
    with pytest.raises(ValueError, match=r"beta in \[0, 1\]"):
        HardBootstrapping(beta)
