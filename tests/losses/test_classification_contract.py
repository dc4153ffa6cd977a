"""Properties of every classification loss in the table."""

from collections.abc import Callable
from pkgutil import resolve_name

import pytest
import torch
from torch import Tensor

from soundalike.losses import CLASSIFICATION_LOSSES
from soundalike.losses.batch import Batch

N_CLASSES = 5
END = 1.0  # the progress at which pruning prunes

Loss = Callable[[Tensor, Batch], Tensor]


@pytest.fixture(params=CLASSIFICATION_LOSSES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def loss(name: str) -> Loss:
    return resolve_name(CLASSIFICATION_LOSSES[name])()


@pytest.fixture
def logits() -> Tensor:
    return 3 * torch.randn(20, N_CLASSES, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def labels(name: str) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    if name == "binary_cross_entropy":
        return torch.randint(2, (20, N_CLASSES), generator=generator).float()
    return torch.randint(N_CLASSES, (20,), generator=generator)


def of(labels: Tensor, progress: float = 0.0) -> Batch:
    return Batch(labels=labels, progress=progress)


def raised_at_the_labels(logits: Tensor, labels: Tensor) -> Tensor:
    if labels.ndim == 1:
        return logits + torch.nn.functional.one_hot(labels, N_CLASSES)
    return logits + 2 * labels - 1


def test_is_a_scalar_of_at_least_zero(loss, logits, labels) -> None:
    for progress in (0.0, 0.5, END):
        value = loss(logits, of(labels, progress))
        assert value.shape == ()
        assert value > 0


def test_is_the_mean_over_the_batch(loss, logits, labels) -> None:
    alone = [loss(logits[i : i + 1], of(labels[i : i + 1])) for i in range(20)]
    torch.testing.assert_close(loss(logits, of(labels)), torch.stack(alone).mean())


@pytest.mark.parametrize("progress", [0.0, END])
def test_the_patches_can_be_exchanged(loss, logits, labels, progress) -> None:
    order = torch.randperm(20, generator=torch.Generator().manual_seed(2))
    exchanged = loss(logits[order], of(labels[order], progress))
    torch.testing.assert_close(exchanged, loss(logits, of(labels, progress)))


def test_the_classes_can_be_exchanged(loss, logits, labels) -> None:
    order = torch.tensor([3, 1, 4, 0, 2])
    renamed = order.argsort()[labels] if labels.ndim == 1 else labels[:, order]
    torch.testing.assert_close(
        loss(logits[:, order], of(renamed, END)), loss(logits, of(labels, END))
    )


def test_being_surer_of_the_labels_lowers_it(loss, logits, labels) -> None:
    surer = raised_at_the_labels(logits, labels)
    for progress in (0.0, END):
        assert loss(surer, of(labels, progress)) < loss(logits, of(labels, progress))


def test_approaches_zero_for_certain_correct_logits(loss, logits, labels) -> None:
    certain = 60 * raised_at_the_labels(torch.zeros_like(logits), labels)
    assert loss(certain, of(labels, END)).item() == pytest.approx(0, abs=1e-6)


def test_the_gradient_goes_down(loss, logits, labels) -> None:
    logits.requires_grad_()
    before = loss(logits, of(labels))
    before.backward()
    with torch.no_grad():
        assert loss(logits - 0.1 * logits.grad, of(labels)) < before


@pytest.mark.parametrize("size", [0.0, 50.0, 500.0])
def test_sure_logits_right_or_wrong_give_finite_gradients(loss, logits, labels, size) -> None:
    sure = (size * logits.sign()).requires_grad_()
    for progress in (0.0, END):
        value = loss(sure, of(labels, progress))
        value.backward()
        assert value.isfinite()
        assert sure.grad.isfinite().all()


def test_is_computed_in_float32_also_under_autocast(loss, logits, labels) -> None:
    for progress in (0.0, END):
        expected = loss(logits.bfloat16().float(), of(labels, progress))
        with torch.autocast("cpu", torch.bfloat16):
            value = loss(logits.bfloat16(), of(labels, progress))
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, expected)


def test_refuses_the_other_kind_of_labels(loss, logits, labels) -> None:
    other = torch.zeros(20, N_CLASSES) if labels.ndim == 1 else torch.zeros(20, dtype=torch.int64)
    with pytest.raises(ValueError, match=r"one label|several labels"):
        loss(logits, of(other))


def test_refuses_a_batch_without_labels(loss, logits) -> None:
    with pytest.raises(ValueError, match="got no labels"):
        loss(logits, Batch())


def test_equal_weights_change_nothing_and_other_weights_choose_clips(loss, logits, labels) -> None:
    equal = Batch(labels=labels, weights=torch.full((20,), 3.0))
    torch.testing.assert_close(loss(logits, equal), loss(logits, of(labels)))
    weights = torch.zeros(20)
    weights[7] = 2
    one = loss(logits, Batch(labels=labels, weights=weights))
    torch.testing.assert_close(one, loss(logits[7:8], of(labels[7:8])))
