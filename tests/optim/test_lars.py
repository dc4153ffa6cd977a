"""LARS against its definition in plain loops."""

import math

import pytest
import torch
from torch import nn

from soundalike.optim.lars import LARS

SETTINGS = {"lr": 0.5, "momentum": 0.9, "weight_decay": 0.01, "trust_coefficient": 0.02}


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(48, 2))


def set_gradients(module: nn.Module, step: int) -> None:
    """Give every parameter a gradient that depends only on the step."""
    generator = torch.Generator().manual_seed(step)
    for parameter in module.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def length(values: list[float]) -> float:
    return math.sqrt(sum(value**2 for value in values))


def plain_step(
    weights: list[float], gradient: list[float], velocity: list[float], is_layer: bool, lr: float
) -> tuple[list[float], list[float]]:
    rate = lr
    if is_layer:
        pairs = zip(gradient, weights, strict=True)
        gradient = [g + SETTINGS["weight_decay"] * w for g, w in pairs]
        if length(weights) > 0 and length(gradient) > 0:
            rate = lr * SETTINGS["trust_coefficient"] * length(weights) / length(gradient)
    pairs = zip(velocity, gradient, strict=True)
    velocity = [SETTINGS["momentum"] * v + rate * g for v, g in pairs]
    return [w - v for w, v in zip(weights, velocity, strict=True)], velocity


def test_equals_the_definition_in_plain_loops():
    module = network()
    optimizer = LARS(module.parameters(), **SETTINGS)
    expected = [p.flatten().tolist() for p in module.parameters()]
    velocities = [[0.0] * p.numel() for p in module.parameters()]
    for step, lr in enumerate((0.5, 0.5, 0.3, 0.1)):
        set_gradients(module, step)
        optimizer.param_groups[0]["lr"] = lr
        optimizer.step()
        for i, parameter in enumerate(module.parameters()):
            expected[i], velocities[i] = plain_step(
                expected[i], parameter.grad.flatten().tolist(), velocities[i],
                parameter.ndim > 1, lr,
            )  # fmt: skip
    for parameter, weights in zip(module.parameters(), expected, strict=True):
        assert parameter.flatten().tolist() == pytest.approx(weights, rel=1e-5, abs=1e-6)


def test_the_relative_step_does_not_depend_on_the_scale_of_the_gradient():
    for scale in (1e-6, 1.0, 1e6):
        weights = nn.Parameter(3 * torch.randn(5, 4, generator=torch.Generator().manual_seed(1)))
        before = weights.detach().clone()
        weights.grad = scale * torch.randn(5, 4, generator=torch.Generator().manual_seed(2))
        LARS([weights], lr=1.0, weight_decay=0.0, trust_coefficient=0.01).step()
        step = (weights.detach() - before).norm() / before.norm()
        assert step.item() == pytest.approx(0.01, rel=1e-4)


def test_biases_and_norms_take_the_steps_of_sgd():
    module, plain = network(), network()
    optimizer = LARS(module.parameters(), **SETTINGS)
    sgd = torch.optim.SGD(plain.parameters(), lr=0.5, momentum=0.9)
    for step in range(3):
        for net, its_optimizer in ((module, optimizer), (plain, sgd)):
            set_gradients(net, step)
            its_optimizer.step()
    pairs = list(zip(module.parameters(), plain.parameters(), strict=True))
    assert [parameter.ndim for parameter, _ in pairs] == [4, 1, 1, 1, 2, 1]
    for parameter, other in pairs:
        assert torch.allclose(parameter, other) == (parameter.ndim == 1)


def test_zero_weights_take_the_step_of_sgd():
    weights = nn.Parameter(torch.zeros(2, 2))
    weights.grad = torch.ones(2, 2)
    LARS([weights], lr=0.5).step()
    assert torch.equal(weights.detach(), torch.full((2, 2), -0.5))


def test_a_zero_gradient_does_not_change_weights():
    weights = nn.Parameter(torch.ones(2, 2))
    weights.grad = torch.zeros(2, 2)
    LARS([weights], lr=0.5, weight_decay=0.0).step()
    assert torch.equal(weights.detach(), torch.ones(2, 2))


def test_parameters_without_a_gradient_do_not_change():
    weights = nn.Parameter(torch.ones(2, 2))
    optimizer = LARS([weights], lr=0.5)
    optimizer.step()
    assert torch.equal(weights.detach(), torch.ones(2, 2))
    assert not optimizer.state


def test_resumes_exactly_from_a_saved_state(tmp_path):
    module = network()
    optimizer = LARS(module.parameters(), **SETTINGS)
    for step in range(2):
        set_gradients(module, step)
        optimizer.step()
    torch.save([module.state_dict(), optimizer.state_dict()], tmp_path / "checkpoint.pt")
    other = network()
    resumed = LARS(other.parameters(), lr=9.0)
    weights, state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    other.load_state_dict(weights)
    resumed.load_state_dict(state)
    for net, its_optimizer in ((module, optimizer), (other, resumed)):
        set_gradients(net, 2)
        its_optimizer.step()
    for parameter, again in zip(module.parameters(), other.parameters(), strict=True):
        assert torch.equal(parameter, again)


def test_a_closure_computes_the_loss_that_is_returned():
    weights = nn.Parameter(torch.ones(2, 2))
    optimizer = LARS([weights], lr=1.0)

    def closure() -> torch.Tensor:
        loss = weights.square().sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 4
    assert (weights < 1).all()


@pytest.mark.parametrize("name", SETTINGS)
def test_refuses_a_negative_setting(name):
    with pytest.raises(ValueError, match=f"{name} >= 0, got -1"):
        LARS([nn.Parameter(torch.ones(1))], **(SETTINGS | {name: -1.0}))
