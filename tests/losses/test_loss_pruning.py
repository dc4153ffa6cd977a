import math

import pytest
import torch

from soundalike.losses.batch import Batch
from soundalike.losses.cross_entropy import CrossEntropy, cross_entropies
from soundalike.losses.loss_pruning import LossPruning

LOGITS = 3 * torch.randn(10, 4, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 3, 1, 1, 2, 0, 3, 2, 1, 0])


def plain_pruned(share: float) -> float:
    losses = sorted(cross_entropies(LOGITS, Batch(labels=LABELS)).tolist())
    smallest = losses[: len(losses) - math.floor(share * len(losses))]
    return sum(smallest) / len(smallest)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.1, 0.35, 0.99])
def test_equals_the_mean_of_the_smallest_losses(share) -> None:
    loss = LossPruning(share, start=0.5)(LOGITS, Batch(labels=LABELS, progress=0.5)).item()
    assert loss == pytest.approx(plain_pruned(share), rel=1e-5)


def test_nothing_is_dropped_before_the_start() -> None:
    loss = LossPruning(0.5, start=0.25)
    everything = CrossEntropy()(LOGITS, Batch(labels=LABELS))
    assert torch.equal(loss(LOGITS, Batch(labels=LABELS)), everything)
    assert torch.equal(loss(LOGITS, Batch(labels=LABELS, progress=0.2499)), everything)
    assert loss(LOGITS, Batch(labels=LABELS, progress=0.25)) < everything


def test_dropped_patches_get_no_gradient() -> None:
    losses = cross_entropies(LOGITS, Batch(labels=LABELS))
    is_small = losses < losses.sort().values[7]
    logits = LOGITS.clone().requires_grad_()
    LossPruning(0.3, start=0.0)(logits, Batch(labels=LABELS)).backward()
    alone = LOGITS[is_small].requires_grad_()
    CrossEntropy()(alone, Batch(labels=LABELS[is_small])).backward()
    assert not logits.grad[~is_small].any()
    torch.testing.assert_close(logits.grad[is_small], alone.grad)


def test_a_trained_network_drops_wrong_labels() -> None:
    labels = torch.arange(20) % 4
    logits = 4.0 * torch.nn.functional.one_hot(labels, 4)
    wrong = labels.clone()
    wrong[[2, 11]] = (wrong[[2, 11]] + 1) % 4
    pruned = LossPruning(0.1, start=0.0)(logits, Batch(labels=wrong))
    torch.testing.assert_close(pruned, CrossEntropy()(logits, Batch(labels=labels)))


def test_a_single_patch_is_not_dropped() -> None:
    loss = LossPruning(0.9, start=0.0)
    assert loss(LOGITS[:1], Batch(labels=LABELS[:1], progress=1.0)) == CrossEntropy()(
        LOGITS[:1], Batch(labels=LABELS[:1], progress=1.0)
    )


@pytest.mark.parametrize("share", [-0.1, 1.0, math.nan])
def test_refuses_a_share_out_of_range(share) -> None:
    with pytest.raises(ValueError, match=r"share in \[0, 1\)"):
        LossPruning(share)


@pytest.mark.parametrize("start", [-0.1, 1.1, math.nan])
def test_refuses_a_start_outside_the_training(start) -> None:
    with pytest.raises(ValueError, match=r"start in \[0, 1\]"):
        LossPruning(start=start)
