"""Properties of every contrastive loss in the table."""

from pkgutil import resolve_name

import pytest
import torch
from torch import Tensor, nn

from soundalike.losses import LOSSES
from soundalike.losses.batch import Batch


@pytest.fixture(params=LOSSES)
def loss(request: pytest.FixtureRequest) -> nn.Module:
    return resolve_name(LOSSES[request.param])()


@pytest.fixture
def z_a() -> Tensor:
    z = torch.randn(8, 16, generator=torch.Generator().manual_seed(0))
    return nn.functional.normalize(z, dim=1)


@pytest.fixture
def z_b() -> Tensor:
    z = torch.randn(8, 16, generator=torch.Generator().manual_seed(1))
    return nn.functional.normalize(z, dim=1)


def test_is_a_finite_scalar(loss, z_a, z_b) -> None:
    value = loss(z_a, z_b, Batch())
    assert value.shape == ()
    assert value.isfinite()


def test_the_views_can_be_exchanged(loss, z_a, z_b) -> None:
    torch.testing.assert_close(loss(z_a, z_b, Batch()), loss(z_b, z_a, Batch()))


def test_the_gradient_is_finite_and_reaches_every_view(loss, z_a, z_b) -> None:
    z_a.requires_grad_()
    z_b.requires_grad_()
    loss(z_a, z_b, Batch()).backward()
    for gradient in (z_a.grad, z_b.grad):
        assert gradient.isfinite().all()
        assert (gradient.abs().sum(dim=1) > 0).all()


def test_views_that_are_equal_or_collapsed_give_a_finite_gradient(loss, z_a) -> None:
    for z in (z_a.clone(), z_a[:1].repeat(8, 1)):
        z.requires_grad_()
        value = loss(z, z, Batch())
        value.backward()
        assert value.isfinite()
        assert z.grad.isfinite().all()


def test_a_step_down_the_gradient_lowers_it(loss, z_a, z_b) -> None:
    z_a.requires_grad_()
    before = loss(z_a, z_b, Batch())
    before.backward()
    with torch.no_grad():
        after = loss(nn.functional.normalize(z_a - 0.01 * z_a.grad, dim=1), z_b, Batch())
    assert after < before


def test_works_under_bfloat16_autocast(loss, z_a, z_b) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        value = loss(z_a, z_b, Batch())
        low_precision = loss(z_a.bfloat16(), z_b.bfloat16(), Batch())
    torch.testing.assert_close(value, loss(z_a, z_b, Batch()))
    torch.testing.assert_close(low_precision, value, rtol=0.02, atol=0.02)


def test_the_network_returns_z_of_views_like_the_projector(loss) -> None:
    projector = nn.Sequential(nn.Flatten(), nn.Linear(6, 4))
    network = loss.network(projector, dim=4).eval()
    views = torch.randn(5, 3, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(network(views), projector(views))


def test_a_step_trains_the_projector(loss) -> None:
    """Project two views, take the gradient, and let the loss finish the step."""
    torch.manual_seed(0)
    projector = nn.Sequential(nn.Flatten(), nn.Linear(6, 4))
    network = loss.network(projector, dim=4)
    views = torch.randn(2, 5, 3, 2, generator=torch.Generator().manual_seed(0))
    z_a, z_b = loss.project(lambda v, **options: network(v.flatten(0, 1), **options), views)
    assert z_a.shape == z_b.shape
    loss(z_a, z_b, Batch(clips=torch.arange(5), labels=torch.full((5,), -1))).backward()
    assert projector[1].weight.grad.abs().sum() > 0
    loss.after_step(network)


def test_needs_labels_is_declared(loss) -> None:
    assert isinstance(loss.needs_labels, bool)


WITH_NEGATIVES = {"nt_xent", "dcl", "sup_con"}


def test_sounds_that_all_differ_change_nothing(loss, z_a, z_b) -> None:
    value = loss(z_a, z_b, Batch(sounds=torch.arange(8)))
    torch.testing.assert_close(value, loss(z_a, z_b, Batch()))


@pytest.mark.parametrize("name", LOSSES)
def test_clips_of_one_sound_do_not_push_each_other(name, z_a, z_b) -> None:
    """Without the clips of other sounds nothing is left to push: views only attract."""
    loss = resolve_name(LOSSES[name])()
    one_sound = Batch(sounds=torch.zeros(8, dtype=torch.long))
    if name not in WITH_NEGATIVES:
        assert torch.equal(loss(z_a, z_b, one_sound), loss(z_a, z_b, Batch()))
        return
    torch.testing.assert_close(loss(z_a, z_b, one_sound), torch.tensor(0.0))
    sounds = torch.tensor([0, 0, 1, 1, 2, 2, 3, 3])  # clips 0 and 1 may not meet, nor 2 and 3, ...
    z_a.requires_grad_()
    both = loss(z_a, z_b, Batch(sounds=sounds))
    first, second = torch.arange(0, 8, 2), torch.arange(1, 8, 2)
    kernel = loss(z_a[first], z_b[first], Batch()), loss(z_a[second], z_b[second], Batch())
    assert both.isfinite()
    assert both > max(kernel), "clips of other sounds still push"
    both.backward()
    assert z_a.grad.isfinite().all()


def test_with_several_clips_per_sound_equals_the_definition(z_a, z_b) -> None:
    """In loops: every view against its clip's other view and the views of other sounds."""
    sounds = [0, 0, 1, 2, 2, 2, 3, 4]
    z_a.requires_grad_()
    z, total = nn.functional.normalize(torch.cat([z_a, z_b]), dim=1), 0.0
    for i in range(16):
        others = [
            j for j in range(16)
            if j != i and (j % 8 == i % 8 or sounds[j % 8] != sounds[i % 8])
        ]  # fmt: skip
        similarity = torch.stack([z[i] @ z[j] / 0.2 for j in others])
        total = total + (similarity.logsumexp(0) - z[i] @ z[(i + 8) % 16] / 0.2) / 16
    expected = torch.autograd.grad(total, z_a)
    batch = Batch(sounds=torch.tensor(sounds))
    for name in ("nt_xent", "sup_con"):
        value = resolve_name(LOSSES[name])(temperature=0.2)(z_a, z_b, batch)
        torch.testing.assert_close(value, total)
        torch.testing.assert_close(torch.autograd.grad(value, z_a), expected)
