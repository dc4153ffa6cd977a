"""Properties of every classification loss in the table."""

import io
from collections.abc import Callable
from pkgutil import resolve_name

import pytest
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from soundalike.losses import CLASSIFICATION_LOSSES
from soundalike.losses.batch import Batch
from soundalike.losses.classification_loss import ClassificationLoss

N_CLASSES, N_CLIPS = 5, 20
END = 1.0  # the progress at which pruning prunes
MAY_BE_NEGATIVE = {"elr"}
ABOVE_ZERO_AT_BEST = {"label_smoothing"}  # its targets are never certain

Make = Callable[[], ClassificationLoss]


@pytest.fixture(params=CLASSIFICATION_LOSSES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def make(name: str) -> Make:
    """Return what makes a loss that remembers nothing yet."""

    def make_loss() -> ClassificationLoss:
        loss: ClassificationLoss = resolve_name(CLASSIFICATION_LOSSES[name])()
        loss.prepare(N_CLIPS, N_CLASSES)
        return loss

    return make_loss


@pytest.fixture
def loss(make: Make) -> ClassificationLoss:
    return make()


@pytest.fixture
def logits(loss: ClassificationLoss) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return 3 * torch.randn(N_CLIPS, loss.n_heads * N_CLASSES, generator=generator)


@pytest.fixture
def labels(name: str) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    if name == "binary_cross_entropy":
        return torch.randint(2, (N_CLIPS, N_CLASSES), generator=generator).float()
    return torch.randint(N_CLASSES, (N_CLIPS,), generator=generator)


def of(labels: Tensor, progress: float = 0.0) -> Batch:
    return Batch(torch.arange(len(labels)), labels, progress=progress)


def raised_at_the_labels(logits: Tensor, labels: Tensor) -> Tensor:
    """Return logits that are surer of the labels, in all heads."""
    n_heads = logits.shape[1] // N_CLASSES
    target = one_hot(labels, N_CLASSES) if labels.ndim == 1 else 2 * labels - 1
    return logits + target.repeat(1, n_heads)


def test_is_a_scalar_of_at_least_zero(name, loss, logits, labels) -> None:
    for progress in (0.0, 0.5, END):
        value = loss(logits, of(labels, progress))
        assert value.shape == ()
        assert value > 0 or name in MAY_BE_NEGATIVE


def test_is_the_mean_over_the_batch(make, logits, labels) -> None:
    batch = of(labels)
    rows = torch.arange(N_CLIPS)[:, None]
    alone = [make()(logits[row], batch.select(row)) for row in rows]
    torch.testing.assert_close(make()(logits, batch), torch.stack(alone).mean())


@pytest.mark.parametrize("progress", [0.0, END])
def test_the_patches_can_be_exchanged(make, logits, labels, progress) -> None:
    order = torch.randperm(N_CLIPS, generator=torch.Generator().manual_seed(2))
    batch = of(labels, progress)
    exchanged = make()(logits[order], batch.select(order))
    torch.testing.assert_close(exchanged, make()(logits, batch))


def test_the_classes_can_be_exchanged(make, logits, labels) -> None:
    order = torch.tensor([3, 1, 4, 0, 2])
    renamed = order.argsort()[labels] if labels.ndim == 1 else labels[:, order]
    other = logits.unflatten(1, (-1, N_CLASSES))[..., order].flatten(1)
    expected = make()(logits, of(labels, END))
    torch.testing.assert_close(make()(other, of(renamed, END)), expected)


def test_being_surer_of_the_labels_lowers_it(make, logits, labels) -> None:
    surer = raised_at_the_labels(logits, labels)
    for progress in (0.0, END):
        batch = of(labels, progress)
        assert make()(surer, batch) < make()(logits, batch)


def test_approaches_zero_for_certain_correct_logits(name, loss, logits, labels) -> None:
    certain = 60 * raised_at_the_labels(torch.zeros_like(logits), labels)
    value = loss(certain, of(labels, END)).item()
    if name in MAY_BE_NEGATIVE:
        assert value < 0
    elif name in ABOVE_ZERO_AT_BEST:
        assert value > 0
    else:
        assert value == pytest.approx(0, abs=1e-6)


def test_the_gradient_goes_down(make, logits, labels) -> None:
    logits.requires_grad_()
    before = make()(logits, of(labels))
    before.backward()
    with torch.no_grad():
        assert make()(logits - 0.1 * logits.grad, of(labels)) < before


@pytest.mark.parametrize("size", [0.0, 50.0, 500.0])
def test_sure_logits_right_or_wrong_give_finite_gradients(loss, logits, labels, size) -> None:
    sure = (size * logits.sign()).requires_grad_()
    for progress in (0.0, END):
        value = loss(sure, of(labels, progress))
        value.backward()
        assert value.isfinite()
        assert sure.grad.isfinite().all()


def test_is_computed_in_float32_also_under_autocast(make, logits, labels) -> None:
    for progress in (0.0, END):
        expected = make()(logits.bfloat16().float(), of(labels, progress))
        with torch.autocast("cpu", torch.bfloat16):
            value = make()(logits.bfloat16(), of(labels, progress))
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, expected)


def test_refuses_the_other_kind_of_labels(loss, logits, labels) -> None:
    other = torch.zeros(N_CLIPS, N_CLASSES)
    other = other if labels.ndim == 1 else other[:, 0].long()
    with pytest.raises(ValueError, match=r"one label|several labels"):
        loss(logits, of(other))


def test_refuses_a_batch_without_labels(loss, logits) -> None:
    with pytest.raises(ValueError, match="got no labels"):
        loss(logits, Batch(torch.arange(N_CLIPS)))


def test_equal_weights_change_nothing_and_other_weights_choose_clips(make, logits, labels) -> None:
    clips = torch.arange(N_CLIPS)
    equal = Batch(clips, labels, torch.full((N_CLIPS,), 3.0))
    torch.testing.assert_close(make()(logits, equal), make()(logits, of(labels)))
    weights = torch.zeros(N_CLIPS)
    weights[7] = 2
    one = make()(logits, Batch(clips, labels, weights))
    row = torch.tensor([7])
    torch.testing.assert_close(one, make()(logits[row], of(labels).select(row)))


def test_an_interrupted_training_resumes_with_what_was_remembered(make, logits, labels) -> None:
    whole, first = make(), make()
    for progress in (0.1, 0.5):
        for loss in (whole, first):
            loss(logits.roll(int(10 * progress), dims=0), of(labels, progress))
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    resumed = make()
    resumed.load_state_dict(torch.load(file, weights_only=True))
    for progress in (0.6, 0.9):
        batch = of(labels, progress)
        assert torch.equal(resumed(logits, batch), whole(logits, batch))
