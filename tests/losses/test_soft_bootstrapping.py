import math

import pytest
import torch

from soundalike.losses.batch import Batch
from soundalike.losses.cross_entropy import CrossEntropy
from soundalike.losses.soft_bootstrapping import SoftBootstrapping

LOGITS = 3 * torch.randn(7, 4, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 3, 1, 1, 2, 0, 3])


def plain_soft_bootstrapping(logits: list[list[float]], beta: float) -> float:
    total = 0.0
    for row, label in zip(logits, LABELS.tolist(), strict=True):
        exponentials = [math.exp(value) for value in row]
        for k, exponential in enumerate(exponentials):
            p = exponential / sum(exponentials)
            target = beta * (k == label) + (1 - beta) * p
            total -= target * math.log(p)
    return total / len(logits)


@pytest.mark.parametrize("beta", [0.0, 0.3, 0.95, 1.0])
def test_equals_the_definition_in_plain_loops(beta) -> None:
    loss = SoftBootstrapping(beta)(LOGITS, Batch(labels=LABELS)).item()
    assert loss == pytest.approx(plain_soft_bootstrapping(LOGITS.tolist(), beta), rel=1e-5)


@pytest.mark.parametrize("beta", [0.0, 0.3, 0.95])
def test_the_gradient_equals_the_finite_differences_of_the_definition(beta) -> None:
    logits = LOGITS.clone().requires_grad_()
    SoftBootstrapping(beta)(logits, Batch(labels=LABELS)).backward()
    step = 1e-5
    for i, k in ((0, 0), (0, 1), (3, 1), (6, 2)):
        up, down = LOGITS.tolist(), LOGITS.tolist()
        up[i][k] += step
        down[i][k] -= step
        slope = plain_soft_bootstrapping(up, beta) - plain_soft_bootstrapping(down, beta)
        assert logits.grad[i, k].item() == pytest.approx(slope / (2 * step), rel=1e-4, abs=1e-7)


def test_with_beta_one_it_is_cross_entropy() -> None:
    expected = CrossEntropy()(LOGITS, Batch(labels=LABELS))
    torch.testing.assert_close(SoftBootstrapping(1.0)(LOGITS, Batch(labels=LABELS)), expected)


def test_a_sure_network_is_pulled_less_towards_a_label_that_contradicts_it() -> None:
    pulls = []
    for beta in (1.0, 0.95, 0.3):
        logits = torch.tensor([[6.0, 0.0]], requires_grad=True)
        SoftBootstrapping(beta)(logits, Batch(labels=torch.tensor([1]))).backward()
        pulls.append(-logits.grad[0, 1].item())
    assert pulls[0] > pulls[1] > pulls[2]


@pytest.mark.parametrize("beta", [-0.1, 1.1, math.nan])
def test_refuses_a_beta_out_of_its_range(beta) -> None:
    with pytest.raises(ValueError, match=r"beta in \[0, 1\]"):
        SoftBootstrapping(beta)
