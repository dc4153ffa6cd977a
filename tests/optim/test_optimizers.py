"""Every optimizer reduces a loss, and the fused ones equal those of torch."""

from pkgutil import resolve_name

import pytest
import torch

from soundalike.optim import OPTIMIZERS


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_reduces_a_loss_at_the_learning_rate_of_its_groups(name):
    parameter = torch.nn.Parameter(torch.ones(3, 4))
    optimizer = resolve_name(OPTIMIZERS[name])([parameter], lr=0.1, weight_decay=0.0)
    assert optimizer.defaults["lr"] == 0.1
    for lr, moves in ((0.0, False), (0.1, True)):
        before = parameter.detach().clone()
        for group in optimizer.param_groups:
            group["lr"] = lr
        optimizer.zero_grad()
        parameter.square().sum().backward()
        optimizer.step()
        assert (parameter < before).all() == moves


@pytest.mark.parametrize(
    ("name", "plain", "settings"),
    [
        ("sgd", torch.optim.SGD, {"lr": 0.1, "weight_decay": 0.01}),
        ("sgd", torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        ("adam", torch.optim.Adam, {"lr": 0.1, "betas": (0.8, 0.99), "weight_decay": 0.01}),
        ("adamw", torch.optim.AdamW, {"lr": 0.1, "eps": 1e-3, "weight_decay": 0.1}),
        ("adamw", torch.optim.AdamW, {}),
    ],
)
def test_fused_optimizers_equal_those_of_torch(name, plain, settings):
    start = torch.linspace(-1, 1, 12)
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    optimizers = (
        resolve_name(OPTIMIZERS[name])([ours], **settings),
        plain([theirs], **settings, foreach=False, fused=False),
    )
    for _ in range(5):
        for parameter, optimizer in zip((ours, theirs), optimizers, strict=True):
            optimizer.zero_grad()
            parameter.pow(4).sum().backward()
            optimizer.step()
    assert (ours - start).abs().max() > 1e-3
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
