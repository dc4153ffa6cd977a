"""LARS: a learning rate for every layer, for large batches."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import ParamsT


class LARS(Optimizer):
    """Stochastic gradient descent whose steps are a share of each layer's weights (LARS).

    A layer's gradient, weight decay included, is scaled to ``trust_coefficient`` times the length
    of its weights before it enters the momentum: so no layer is torn away by a large gradient, and
    none stands still. Biases and the parameters of batch normalization, all those of at most one
    axis, are neither scaled nor decayed; nor is anything scaled whose weights or gradient are zero.

    You et al. 2017, "Large Batch Training of Convolutional Networks", in the form of SimCLR (Chen
    et al. 2020): the learning rate enters the momentum as well.

    Args:
        params: parameters, or groups of them.
        lr: learning rate.
        momentum: share of the last step that is kept.
        weight_decay: of all parameters of at least two axes.
        trust_coefficient: length of a layer's step, as a share of the length of its weights, at a
            learning rate of 1 and without momentum.

    Raises:
        ValueError: a setting is negative.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 1e-6,
        trust_coefficient: float = 0.001,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "weight_decay": weight_decay,
            "trust_coefficient": trust_coefficient,
        }
        for name, value in defaults.items():
            if not value >= 0:
                raise ValueError(f"LARS needs a {name} of at least 0, got {value}.")
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step, and return the loss if a closure computes it."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, parameter.grad, group)
        return loss

    def _move(self, parameter: Tensor, step: Tensor, group: dict[str, Any]) -> None:
        if parameter.ndim > 1:
            step = step.add(parameter, alpha=group["weight_decay"])
            ratio = parameter.norm() / step.norm()
            # Zero weights, or a zero gradient (0, infinite or no number), have no share to take.
            usable = ratio.isfinite() & (ratio > 0)
            step = step * torch.where(usable, group["trust_coefficient"] * ratio, 1.0)
        state = self.state[parameter]
        if "velocity" not in state:
            state["velocity"] = torch.zeros_like(parameter)
        velocity = state["velocity"].mul_(group["momentum"]).add_(step, alpha=group["lr"])
        parameter.sub_(velocity)
