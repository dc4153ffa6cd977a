import math

import pytest
import torch

from soundalike.losses.batch import Batch
from soundalike.losses.cross_entropy import CrossEntropy
from soundalike.losses.lq import Lq

LOGITS = 3 * torch.randn(7, 4, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 3, 1, 1, 2, 0, 3])


def plain_lq(logits: list[list[float]], q: float) -> float:
    total = 0.0
    for row, label in zip(logits, LABELS.tolist(), strict=True):
        p = math.exp(row[label]) / sum(math.exp(value) for value in row)
        total += (1 - p**q) / q
    return total / len(logits)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.7, 1.0])
def test_equals_the_definition_in_plain_loops(q) -> None:
    loss = Lq(q)(LOGITS, Batch(labels=LABELS)).item()
    assert loss == pytest.approx(plain_lq(LOGITS.tolist(), q), rel=1e-5)


@pytest.mark.parametrize("q", [0.3, 0.7, 1.0])
def test_the_gradient_equals_the_finite_differences_of_the_definition(q) -> None:
    logits = LOGITS.clone().requires_grad_()
    Lq(q)(logits, Batch(labels=LABELS)).backward()
    step = 1e-5
    for i, k in ((0, 0), (0, 1), (3, 1), (6, 2)):
        up, down = LOGITS.tolist(), LOGITS.tolist()
        up[i][k] += step
        down[i][k] -= step
        slope = (plain_lq(up, q) - plain_lq(down, q)) / (2 * step)
        assert logits.grad[i, k].item() == pytest.approx(slope, rel=1e-4, abs=1e-7)


def test_approaches_cross_entropy_as_q_goes_to_zero() -> None:
    expected = CrossEntropy()(LOGITS, Batch(labels=LABELS))
    torch.testing.assert_close(Lq(1e-6)(LOGITS, Batch(labels=LABELS)), expected, rtol=1e-4, atol=0)
    # and keeps its digits there: 1 - p^q itself would have none left in float32
    torch.testing.assert_close(Lq(1e-12)(LOGITS, Batch(labels=LABELS)), expected, rtol=1e-5, atol=0)


def test_with_q_one_it_is_half_the_absolute_error() -> None:
    one_hot = torch.nn.functional.one_hot(LABELS, 4)
    error = (LOGITS.softmax(dim=1) - one_hot).abs().sum(dim=1).mean()
    torch.testing.assert_close(Lq(1.0)(LOGITS, Batch(labels=LABELS)), error / 2)


def test_a_label_that_the_network_denies_counts_less_the_higher_q_is() -> None:
    """Its gradient is that of cross entropy times p^q."""
    steepness = []
    for loss in (CrossEntropy(), Lq(0.5), Lq(1.0)):
        logits = torch.tensor([[6.0, 0.0]], requires_grad=True)
        loss(logits, Batch(labels=torch.tensor([1]))).backward()
        steepness.append(-logits.grad[0, 1].item())
    p = 1 / (1 + math.exp(6))
    assert steepness == pytest.approx([steepness[0] * p**q for q in (0, 0.5, 1)], rel=1e-4)


def test_never_exceeds_one_over_q() -> None:
    denied = torch.tensor([[1000.0, 0.0]])
    assert Lq(0.7)(denied, Batch(labels=torch.tensor([1]))).item() == pytest.approx(1 / 0.7)


@pytest.mark.parametrize("q", [0.0, -0.5, 1.1, math.nan])
def test_refuses_a_q_out_of_its_range(q) -> None:
    with pytest.raises(ValueError, match=r"q in \(0, 1\]"):
        Lq(q)
