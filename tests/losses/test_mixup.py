import math

import pytest
import torch

from soundalike.losses.batch import Batch
from soundalike.losses.mixup import Mixup

LOGITS = 3 * torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
LABELS, OTHERS = torch.tensor([0, 3, 1, 1, 2]), torch.tensor([1, 3, 0, 2, 2])


def test_equals_cross_entropy_to_the_mixed_labels_in_plain_loops() -> None:
    shares, total = [0.1, 0.5, 0.9, 1.0, 0.0], 0.0
    for i, row in enumerate(LOGITS.tolist()):
        normalizer = sum(math.exp(value) for value in row)
        for k, value in enumerate(row):
            target = shares[i] * (k == LABELS[i]) + (1 - shares[i]) * (k == OTHERS[i])
            total -= float(target) * math.log(math.exp(value) / normalizer)
    batch = Batch(labels=LABELS, shares=torch.tensor(shares), other_labels=OTHERS)
    assert Mixup()(LOGITS, batch).item() == pytest.approx(total / 5, rel=1e-5)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 8.0])
def test_shares_have_the_variance_of_their_beta_distribution(alpha) -> None:
    generator = torch.Generator().manual_seed(0)
    draws = [Mixup(alpha).draw_shares(3, generator) for _ in range(2000)]
    assert all((draw == draw[0]).all() for draw in draws), "one share for a batch"
    shares = torch.stack(draws)[:, 0]
    assert 0 <= shares.min() < shares.max() <= 1
    assert shares.mean().item() == pytest.approx(0.5, abs=0.04)
    assert shares.var().item() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.1)


def test_the_generator_decides_the_shares() -> None:
    first, again, other = (
        Mixup().draw_shares(2, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("alpha", [0.0, -1.0, math.inf, math.nan])
def test_refuses_an_alpha_out_of_range(alpha) -> None:
    with pytest.raises(ValueError, match="alpha above 0"):
        Mixup(alpha)
