"""NT-Xent compared with its definition, another library and float64, and its invariances."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pytorch_metric_learning.losses import NTXentLoss

from soundalike.losses.batch import Batch
from soundalike.losses.nt_xent import BLOCK, NTXent


def on_the_sphere(batch: int, dim: int = 16, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    z = torch.randn(2, batch, dim, generator=torch.Generator().manual_seed(seed))
    return tuple(torch.nn.functional.normalize(z, dim=2))


def plain_nt_xent(z_a: torch.Tensor, z_b: torch.Tensor, temperature: float) -> torch.Tensor:
    z = [row / row.norm() for row in [*z_a, *z_b]]
    batch = len(z_a)
    total = torch.zeros((), dtype=z_a.dtype)
    for i, anchor in enumerate(z):
        positive = torch.exp(anchor @ z[(i + batch) % (2 * batch)] / temperature)
        others = sum(torch.exp(anchor @ z[k] / temperature) for k in range(2 * batch) if k != i)
        total = total - torch.log(positive / others)
    return total / (2 * batch)


@pytest.mark.parametrize("temperature", [0.05, 0.2, 1.0])
@pytest.mark.parametrize("batch", [2, 3, 9])
def test_equals_the_definition_in_plain_loops(batch: int, temperature: float) -> None:
    z_a, z_b = on_the_sphere(batch)
    torch.testing.assert_close(
        NTXent(temperature)(z_a, z_b, Batch()),
        plain_nt_xent(z_a, z_b, temperature),
        rtol=1e-5,
        atol=1e-6,
    )


def test_equals_pytorch_metric_learning() -> None:
    z_a, z_b = on_the_sphere(32)
    labels = torch.arange(32).repeat(2)
    torch.testing.assert_close(
        NTXent(0.2)(z_a, z_b, Batch()), NTXentLoss(temperature=0.2)(torch.cat([z_a, z_b]), labels)
    )


def test_the_length_of_z_does_not_matter() -> None:
    z_a, z_b = on_the_sphere(8)
    lengths = torch.arange(1, 9)[:, None]
    torch.testing.assert_close(
        NTXent()(lengths * z_a, 5 * z_b, Batch()), NTXent()(z_a, z_b, Batch())
    )


def test_the_views_can_be_exchanged() -> None:
    z_a, z_b = on_the_sphere(8)
    torch.testing.assert_close(NTXent()(z_a, z_b, Batch()), NTXent()(z_b, z_a, Batch()))


def test_the_clips_can_be_exchanged() -> None:
    z_a, z_b = on_the_sphere(8)
    order = torch.randperm(8, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(
        NTXent()(z_a[order], z_b[order], Batch()), NTXent()(z_a, z_b, Batch())
    )


def test_the_loss_of_a_single_clip_is_zero() -> None:
    assert NTXent()(*on_the_sphere(1), Batch()).item() == pytest.approx(0, abs=1e-6)


def test_aligned_and_evenly_spread_clips_reach_the_minimum() -> None:
    batch, temperature = 8, 0.2
    corners = torch.eye(batch) - 1 / batch  # a simplex: all clips equally far from each other
    z = torch.nn.functional.normalize(corners, dim=1)
    cosine = -1 / (batch - 1)
    minimum = math.log(1 + 2 * (batch - 1) * math.exp((cosine - 1) / temperature))
    assert NTXent(temperature)(z, z, Batch()).item() == pytest.approx(minimum, rel=1e-5)
    for seed in range(5):
        assert NTXent(temperature)(*on_the_sphere(batch, batch, seed), Batch()).item() > minimum


def test_closer_views_of_a_clip_lower_the_loss() -> None:
    z_a, z_b = on_the_sphere(8)
    closer = torch.nn.functional.normalize(z_a + z_b, dim=1)
    assert NTXent()(z_a, closer, Batch()) < NTXent()(z_a, z_b, Batch())


def test_the_gradient_equals_that_of_the_definition_in_float64() -> None:
    z_a, z_b = (z.requires_grad_() for z in on_the_sphere(9))
    exact_a, exact_b = (z.detach().double().requires_grad_() for z in (z_a, z_b))
    NTXent(0.1)(z_a, z_b, Batch()).backward()
    plain_nt_xent(exact_a, exact_b, 0.1).backward()
    torch.testing.assert_close(z_a.grad.double(), exact_a.grad, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(z_b.grad.double(), exact_b.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("block", [1, 2, 5, 18, 100])
def test_blocks_are_seen_by_memory_alone(monkeypatch, block: int) -> None:
    """A block of one view, blocks that end within the batch, one for all: loss and gradient."""
    monkeypatch.setitem(BLOCK, "cpu", block)
    z_a, z_b = (z.double().requires_grad_() for z in on_the_sphere(9, dim=3))
    assert torch.autograd.gradcheck(lambda a, b: NTXent(0.1)(a, b, Batch()), (z_a, z_b))
    exact = plain_nt_xent(z_a, z_b, 0.1)
    torch.testing.assert_close(NTXent(0.1)(z_a, z_b, Batch()), exact)


@given(st.integers(1, 7), st.integers(1, 12), st.floats(0.005, 5), st.integers(0, 10))
def test_the_gradient_is_autograd_s_of_the_cross_entropy(batch, dim, temperature, seed) -> None:
    """Also where views coincide, and where the temperature is so low that most terms vanish."""
    z_a, z_b = on_the_sphere(batch, dim, seed)
    z_b[0] = z_a[-1]
    ours, theirs = (torch.cat([z_a, z_b]).double().requires_grad_() for _ in range(2))
    loss = NTXent(temperature)(*ours.chunk(2), Batch())
    z = torch.nn.functional.normalize(theirs, dim=1)
    similarity = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    other_view = torch.arange(2 * batch).roll(batch)
    expected = torch.nn.functional.cross_entropy(similarity, other_view)
    torch.testing.assert_close(loss, expected)
    (gradient,) = torch.autograd.grad(loss, ours)
    torch.testing.assert_close(gradient, *torch.autograd.grad(expected, theirs))


def test_autocast_does_not_change_it() -> None:
    z_a, z_b = on_the_sphere(64)
    with torch.autocast("cpu", torch.bfloat16):
        loss = NTXent()(z_a, z_b, Batch())
    assert loss.dtype == torch.float32
    assert torch.equal(loss, NTXent()(z_a, z_b, Batch()))


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan])
def test_refuses_a_temperature_that_is_not_positive(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature above 0"):
        NTXent(temperature)
