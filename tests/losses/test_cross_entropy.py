import math

import pytest
import torch

from soundalike.losses.batch import Batch
from soundalike.losses.cross_entropy import BinaryCrossEntropy, CrossEntropy, cross_entropies

LOGITS = 3 * torch.randn(7, 4, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 3, 1, 1, 2, 0, 3])
SEVERAL = torch.tensor([[1, 0, 1, 0]] * 3 + [[0, 0, 0, 0]] * 2 + [[1, 1, 1, 1]] * 2).float()


def plain_cross_entropies(smoothing: float) -> list[float]:
    losses = []
    for row, label in zip(LOGITS.tolist(), LABELS.tolist(), strict=True):
        total = sum(math.exp(value) for value in row)
        loss = 0.0
        for k, value in enumerate(row):
            target = (1 - smoothing) * (k == label) + smoothing / len(row)
            loss -= target * math.log(math.exp(value) / total)
        losses.append(loss)
    return losses


@pytest.mark.parametrize("smoothing", [0.0, 0.15, 0.9])
def test_equals_the_definition_in_plain_loops(smoothing) -> None:
    expected = plain_cross_entropies(smoothing)
    assert cross_entropies(LOGITS, Batch(labels=LABELS), smoothing).tolist() == pytest.approx(
        expected, rel=1e-5
    )
    loss = CrossEntropy(smoothing)(LOGITS, Batch(labels=LABELS)).item()
    assert loss == pytest.approx(sum(expected) / len(expected), rel=1e-5)


def test_smoothed_labels_are_met_best_by_their_smoothed_probabilities() -> None:
    target = torch.full((1, 4), 0.2 / 4)
    target[0, 2] += 0.8
    loss = CrossEntropy(0.2)
    best = loss(target.log(), Batch(labels=torch.tensor([2])))
    for seed in range(5):
        other = target.log() + torch.randn(1, 4, generator=torch.Generator().manual_seed(seed))
        assert loss(other, Batch(labels=torch.tensor([2]))) > best


def test_several_labels_are_decisions_of_each_class_in_plain_loops() -> None:
    total = 0.0
    for row, there in zip(LOGITS.tolist(), SEVERAL.tolist(), strict=True):
        for value, y in zip(row, there, strict=True):
            p = 1 / (1 + math.exp(-value))
            total -= y * math.log(p) + (1 - y) * math.log(1 - p)
    loss = BinaryCrossEntropy()(LOGITS, Batch(labels=SEVERAL)).item()
    assert loss == pytest.approx(total / len(LOGITS), rel=1e-5)


def test_both_have_the_gradient_probability_minus_target() -> None:
    one_hot = torch.nn.functional.one_hot(LABELS, 4)
    for loss, labels, error in (
        (CrossEntropy(), LABELS, LOGITS.softmax(dim=1) - one_hot),
        (BinaryCrossEntropy(), SEVERAL, LOGITS.sigmoid() - SEVERAL),
    ):
        logits = LOGITS.clone().requires_grad_()
        loss(logits, Batch(labels=labels)).backward()
        torch.testing.assert_close(logits.grad, error / len(LOGITS))


def test_labels_of_any_type_of_number_will_do() -> None:
    expected = BinaryCrossEntropy()(LOGITS, Batch(labels=SEVERAL))
    assert torch.equal(BinaryCrossEntropy()(LOGITS, Batch(labels=SEVERAL.long())), expected)


@pytest.mark.parametrize("smoothing", [-0.1, 1.0, math.nan])
def test_refuses_a_smoothing_that_leaves_no_label(smoothing) -> None:
    with pytest.raises(ValueError, match="label_smoothing in"):
        CrossEntropy(smoothing)
