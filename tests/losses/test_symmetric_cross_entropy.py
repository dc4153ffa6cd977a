import math

import pytest
import torch

from soundalike.losses.batch import Batch
from soundalike.losses.symmetric_cross_entropy import SymmetricCrossEntropy

LOGITS = 3 * torch.randn(7, 4, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 3, 1, 1, 2, 0, 3])


@pytest.mark.parametrize(("alpha", "beta"), [(0.1, 1.0), (6.0, 0.1), (0.0, 1.0), (1.0, 0.0)])
def test_equals_the_definition_in_plain_loops(alpha, beta) -> None:
    total = 0.0
    for row, label in zip(LOGITS.tolist(), LABELS.tolist(), strict=True):
        normalizer = sum(math.exp(value) for value in row)
        for k, value in enumerate(row):
            p = math.exp(value) / normalizer
            log_label = 0 if k == label else -4
            total -= alpha * (k == label) * math.log(p) + beta * p * log_label
    loss = SymmetricCrossEntropy(alpha, beta)(LOGITS, Batch(labels=LABELS)).item()
    assert loss == pytest.approx(total / 7, rel=1e-5)


def test_the_reverse_cross_entropy_is_bounded() -> None:
    """It is -log_zero for a certain prediction of another class, however certain."""
    reverse = SymmetricCrossEntropy(0.0, 1.0, log_zero=-3.0)
    for size in (50.0, 500.0):
        logits = torch.tensor([[size, 0.0]])
        assert reverse(logits, Batch(labels=torch.tensor([1]))).item() == pytest.approx(3)


@pytest.mark.parametrize(
    "wrong", [{"alpha": -0.1}, {"beta": -1.0}, {"log_zero": 0.0}, {"alpha": math.nan}]
)
def test_refuses_values_out_of_range(wrong) -> None:
    with pytest.raises(ValueError, match="log_zero below 0"):
        SymmetricCrossEntropy(**wrong)
