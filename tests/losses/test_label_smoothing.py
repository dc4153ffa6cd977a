import math

import pytest
import torch

from soundalike.losses.batch import Batch
from soundalike.losses.cross_entropy import CrossEntropy
from soundalike.losses.label_smoothing import LabelSmoothing

LOGITS = 3 * torch.randn(7, 4, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 3, 1, 1, 2, 0, 3])


@pytest.mark.parametrize("share", [0.0, 0.1, 0.9])
def test_equals_the_definition_in_plain_loops(share) -> None:
    total = 0.0
    for row, label in zip(LOGITS.tolist(), LABELS.tolist(), strict=True):
        normalizer = sum(math.exp(value) for value in row)
        for k, value in enumerate(row):
            target = (1 - share) * (k == label) + share / 4
            total -= target * math.log(math.exp(value) / normalizer)
    loss = LabelSmoothing(share)(LOGITS, Batch(labels=LABELS)).item()
    assert loss == pytest.approx(total / 7, rel=1e-5)


def test_without_a_share_it_is_cross_entropy() -> None:
    batch = Batch(labels=LABELS)
    assert torch.equal(LabelSmoothing(0.0)(LOGITS, batch), CrossEntropy()(LOGITS, batch))
    assert LabelSmoothing().share == 0.1, "Szegedy et al. 2016"


@pytest.mark.parametrize("share", [-0.1, 1.0, math.nan])
def test_refuses_a_share_that_leaves_no_label(share) -> None:
    with pytest.raises(ValueError, match=r"share in \[0, 1\)"):
        LabelSmoothing(share)
