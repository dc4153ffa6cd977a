import math

import pytest
import torch

from soundalike.losses.batch import Batch
from soundalike.losses.cross_entropy import CrossEntropy
from soundalike.losses.elr import ELR

LABELS = torch.tensor([0, 3, 1, 1, 2])


def softmax(row: list[float]) -> list[float]:
    total = sum(math.exp(value) for value in row)
    return [math.exp(value) / total for value in row]


def test_equals_the_definition_in_plain_loops_over_several_steps() -> None:
    """Each step predicts three of five clips; the memory is a moving average of predictions."""
    loss, memory = ELR(momentum=0.7, strength=3.0), [[0.0] * 4 for _ in range(5)]
    loss.prepare(5, 4)
    generator = torch.Generator().manual_seed(0)
    for clips in ([0, 1, 2], [2, 3, 4], [4, 0, 1]):
        logits = 2 * torch.randn(3, 4, generator=generator)
        total = 0.0
        for row, clip in zip(logits.tolist(), clips, strict=True):
            p = softmax(row)
            memory[clip] = [0.7 * old + 0.3 * new for old, new in zip(memory[clip], p, strict=True)]
            inner = sum(a * b for a, b in zip(p, memory[clip], strict=True))
            total += -math.log(p[LABELS[clip]]) + 3 * math.log(1 - inner)
        value = loss(logits, Batch(torch.tensor(clips), LABELS[clips]))
        assert value.item() == pytest.approx(total / 3, rel=1e-4)
    torch.testing.assert_close(loss.memory, torch.tensor(memory), rtol=1e-4, atol=1e-6)


def test_an_early_prediction_outweighs_a_label_that_contradicts_it() -> None:
    """The gradient raises the class that was predicted before, and not the label."""
    loss = ELR()
    loss.prepare(1, 2)
    batch = Batch(torch.tensor([0]), torch.tensor([1]))
    for _ in range(10):
        loss(torch.tensor([[3.0, 0.0]]), batch)
    logits = torch.tensor([[3.0, 0.0]], requires_grad=True)
    loss(logits, batch).backward()
    assert logits.grad[0, 0] < 0 < logits.grad[0, 1]
    logits.grad = None
    CrossEntropy()(logits, batch).backward()
    assert logits.grad[0, 1] < 0 < logits.grad[0, 0]


def test_without_strength_it_is_cross_entropy() -> None:
    loss = ELR(strength=0.0)
    loss.prepare(5, 4)
    logits, batch = torch.randn(5, 4), Batch(torch.arange(5), LABELS)
    assert torch.equal(loss(logits, batch), CrossEntropy()(logits, batch))


@pytest.mark.parametrize(
    "wrong", [{"momentum": 1.0}, {"momentum": -0.1}, {"strength": -1.0}, {"strength": math.inf}]
)
def test_refuses_values_out_of_range(wrong) -> None:
    with pytest.raises(ValueError, match="ELR needs a momentum"):
        ELR(**wrong)
