import math

import pytest
import torch

from soundalike.losses.batch import Batch
from soundalike.losses.cross_entropy import CrossEntropy
from soundalike.losses.forward_correction import ForwardCorrection, noise_matrix

N_CLASSES = 3
LABELS = torch.arange(30) % N_CLASSES
CLIPS = torch.arange(30)
MATRIX = torch.tensor([[0.6, 0.4, 0.0], [0.0, 0.7, 0.3], [0.1, 0.1, 0.8]])


def with_matrix(**arguments) -> ForwardCorrection:
    """Return the loss after a warm-up in which the labels are predicted as they are."""
    loss = ForwardCorrection(start=0.5, percentile=100, **arguments)
    loss.prepare(30, N_CLASSES)
    loss(MATRIX[LABELS].log(), Batch(CLIPS, LABELS))
    return loss


def test_before_the_start_it_is_cross_entropy() -> None:
    loss = ForwardCorrection(start=0.5)
    loss.prepare(30, N_CLASSES)
    logits, batch = torch.randn(30, N_CLASSES), Batch(CLIPS, LABELS, progress=0.49)
    assert torch.equal(loss(logits, batch), CrossEntropy()(logits, batch))


def test_equals_the_definition_in_plain_loops() -> None:
    loss = with_matrix()
    logits = 2 * torch.randn(30, N_CLASSES, generator=torch.Generator().manual_seed(0))
    total = 0.0
    for row, label in zip(logits.tolist(), LABELS.tolist(), strict=True):
        normalizer = sum(math.exp(value) for value in row)
        p_label = 0.0
        for k, value in enumerate(row):
            p_label += math.exp(value) / normalizer * float(MATRIX[k, label])
        total -= math.log(p_label)
    value = loss(logits, Batch(CLIPS, LABELS, progress=0.5)).item()
    assert value == pytest.approx(total / 30, rel=1e-4)


def test_the_matrix_is_estimated_once() -> None:
    loss = with_matrix()
    batch = Batch(CLIPS, LABELS, progress=0.5)
    expected = loss(torch.zeros(30, N_CLASSES), batch)
    loss(torch.randn(30, N_CLASSES), batch)
    assert torch.equal(loss(torch.zeros(30, N_CLASSES), batch), expected)
    torch.testing.assert_close(loss.log_matrix.exp(), MATRIX, rtol=1e-3, atol=1e-5)


def test_a_label_that_the_matrix_explains_does_not_unsettle_the_network() -> None:
    """A clip of class 0 is called 1 in 40 of 100 cases: being sure of class 0 is best."""
    loss, batch = with_matrix(), Batch(torch.arange(5), torch.tensor([0, 0, 0, 1, 1]), progress=0.9)
    sure = torch.tensor([[9.0, 0.0, 0.0]]).repeat(5, 1)
    unsure = MATRIX[[0]].clamp(min=1e-6).log().repeat(5, 1)
    assert loss(sure, batch) < loss(unsure, batch)
    assert CrossEntropy()(unsure, batch) < CrossEntropy()(sure, batch)


def test_without_a_warm_up_no_label_is_wrong() -> None:
    loss = ForwardCorrection(start=0)
    loss.prepare(30, N_CLASSES)
    logits, batch = torch.randn(30, N_CLASSES), Batch(CLIPS, LABELS)
    torch.testing.assert_close(
        loss(logits, batch), CrossEntropy()(logits, batch), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize(("percentile", "rank"), [(100, 100), (97, 97), (50, 50), (0, 0)])
def test_an_anchor_has_the_percentile_of_the_probabilities_of_its_class(percentile, rank) -> None:
    p = torch.arange(101) / 100
    predictions = torch.stack([p, 1 - p], dim=1)[torch.randperm(101)]
    matrix = noise_matrix(predictions, percentile)
    assert matrix[0, 0].item() == pytest.approx(rank / 100)
    torch.testing.assert_close(matrix.sum(dim=1), torch.ones(2))


@pytest.mark.parametrize("wrong", [{"start": 1.1}, {"start": math.nan}, {"percentile": 101.0}])
def test_refuses_values_out_of_range(wrong) -> None:
    with pytest.raises(ValueError, match="ForwardCorrection needs a start"):
        ForwardCorrection(**wrong)
