import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from soundalike.losses.batch import Batch
from soundalike.losses.co_training import N_ROUNDS, CoTraining
from soundalike.losses.two_gaussians import is_of_lower

N_CLIPS, N_CLASSES = 40, 4
CLIPS, TRUTH = torch.arange(N_CLIPS), torch.arange(N_CLIPS) % N_CLASSES
SURE = 4.0 * torch.nn.functional.one_hot(TRUTH, N_CLASSES)


def after_warm_up(labels: torch.Tensor, logits: torch.Tensor, **arguments) -> CoTraining:
    """Return the loss after a first pass, in which both heads predict the same."""
    loss = CoTraining(**arguments)
    loss.prepare(N_CLIPS, N_CLASSES)
    loss(logits.repeat(1, 2), Batch(CLIPS, labels))
    return loss


def noise(size: float) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return size * torch.randn(N_CLIPS, N_CLASSES, generator=generator)


def test_each_half_of_the_clips_trains_one_head() -> None:
    loss = CoTraining()
    loss.prepare(N_CLIPS, N_CLASSES)
    assert loss.own_head.float().mean() == 0.5
    logits = noise(2.0).repeat(1, 2).requires_grad_()
    value = loss(logits, Batch(CLIPS, TRUTH))
    torch.testing.assert_close(value, cross_entropy(logits[:, :N_CLASSES], TRUTH))
    value.backward()
    of_heads = logits.grad.unflatten(1, (2, N_CLASSES)).abs().sum(dim=2)
    assert torch.equal(of_heads > 0, torch.stack([loss.own_head == 0, loss.own_head == 1], dim=1))


def test_equals_the_definition_in_plain_loops() -> None:
    """Two heads that differ; some labels are wrong; the other head decides about each clip."""
    labels = TRUTH.clone()
    labels[:8] = (labels[:8] + 1) % N_CLASSES
    loss = CoTraining(start=0.5, temperature=0.5, threshold=0.6)
    loss.prepare(N_CLIPS, N_CLASSES)
    heads = torch.stack([SURE + noise(1.0), SURE - noise(1.5)], dim=1)
    value = loss(heads.flatten(1), Batch(CLIPS, labels, progress=0.5)).item()

    p = heads.softmax(dim=2).tolist()
    half = loss.own_head.tolist()
    others = [-math.log(p[i][1 - half[i]][labels[i]]) for i in range(N_CLIPS)]
    w = is_of_lower(torch.tensor(others), N_ROUNDS).tolist()
    total, n_unknown, of_known = 0.0, 0, [0.0] * N_CLASSES
    for i in range(N_CLIPS):
        other, own = p[i][1 - half[i]], p[i][half[i]]
        mixture = [w[i] * (k == labels[i]) + (1 - w[i]) * other[k] for k in range(N_CLASSES)]
        sharp = [float(value) ** 2 for value in mixture]
        if max(mixture) >= 0.6:
            total -= sum(s / sum(sharp) * math.log(q) for s, q in zip(sharp, own, strict=True))
            of_known = [a + b for a, b in zip(of_known, own, strict=True)]
        else:
            n_unknown += 1
    assert 0 < n_unknown < 8
    for k in range(N_CLASSES):
        frequency = (labels == k).float().mean().item()
        total += N_CLIPS * frequency * math.log(frequency / (of_known[k] / (N_CLIPS - n_unknown)))
    assert value == pytest.approx(total / N_CLIPS, rel=1e-4)


def test_wrong_labels_are_replaced_by_what_the_other_head_predicts() -> None:
    labels = TRUTH.clone()
    labels[:4] = (labels[:4] + 1) % N_CLASSES
    loss = after_warm_up(labels, SURE + noise(0.1), start=0.0)
    assert (loss.is_correct[:4] < 0.1).all()
    assert (loss.is_correct[4:] > 0.9).all()
    logits = torch.zeros(N_CLIPS, 2 * N_CLASSES, requires_grad=True)
    prediction = SURE.repeat(1, 2)
    loss(prediction + logits, Batch(CLIPS, labels, progress=0.5)).backward()
    of_own = logits.grad.unflatten(1, (2, N_CLASSES))[CLIPS, loss.own_head]
    assert (of_own[CLIPS[:4], TRUTH[:4]] < 0).all(), "surer of the true class"


def test_a_clip_unlike_every_class_does_not_count_whatever_its_label() -> None:
    """Neither its label is believed nor any prediction sure."""
    logits = SURE + noise(0.1)
    logits[:4] = 0.1 * noise(1.0)[:4]
    logits[range(4), TRUTH[:4]] -= 3
    loss = after_warm_up(TRUTH, logits, start=0.0)
    own = torch.zeros(N_CLIPS, 2 * N_CLASSES, requires_grad=True)
    loss(logits.repeat(1, 2) + own, Batch(CLIPS, TRUTH, progress=0.5)).backward()
    assert not own.grad[:4].any()
    assert (own.grad[4:].abs().sum(dim=1) > 0).all()
    everything = after_warm_up(TRUTH, logits, start=0.0, threshold=0.0)
    own.grad = None
    everything(logits.repeat(1, 2) + own, Batch(CLIPS, TRUTH, progress=0.5)).backward()
    assert (own.grad.abs().sum(dim=1) > 0).all()


def test_a_temperature_near_zero_makes_the_surest_class_the_target() -> None:
    """Also of unsure clips, where every power of every probability rounds to zero."""
    loss = after_warm_up(TRUTH, SURE, start=0.0, temperature=1e-4, threshold=0.0)
    loss.is_correct.zero_()  # only predictions count
    rows = CLIPS[:20]
    own, other = noise(2.0)[rows], noise(0.1)[rows]
    is_second = loss.own_head[rows, None].bool()
    heads = torch.where(is_second, torch.cat([other, own], 1), torch.cat([own, other], 1))
    value = loss(heads, Batch(rows, TRUTH[rows], progress=0.5))
    predictions = own.softmax(dim=1).mean(dim=0)
    balance = -(predictions * N_CLASSES).log().mean()  # 5 clips of each class
    torch.testing.assert_close(value, cross_entropy(own, other.argmax(dim=1)) + balance)


def test_labels_are_judged_anew_once_per_pass_over_the_clips() -> None:
    loss = after_warm_up(TRUTH, SURE, start=0.1)
    first, second = CLIPS[:20], CLIPS[20:]

    def judgment(rows: torch.Tensor) -> torch.Tensor:
        loss(noise(3.0).repeat(1, 2)[rows], Batch(rows, TRUTH[rows], progress=0.5))
        return loss.is_correct.clone()

    judged = judgment(first)
    assert torch.equal(judgment(second), judged), "half of the clips are not new yet"
    assert not torch.equal(judgment(first), judged)


@pytest.mark.parametrize(
    "wrong", [{"start": -0.1}, {"temperature": 0.0}, {"threshold": 1.1}, {"threshold": math.nan}]
)
def test_refuses_values_out_of_range(wrong) -> None:
    with pytest.raises(ValueError, match="CoTraining needs a start"):
        CoTraining(**wrong)
