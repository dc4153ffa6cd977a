"""LARS, an optimizer for large batches with a learning rate for each layer."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import ParamsT


class LARS(Optimizer):
    """Stochastic gradient descent with layer-wise adaptive rate scaling.

    The gradient of a layer, including weight decay, is scaled to ``trust_coefficient`` times the
    norm of its weights before it enters the momentum. So the relative step size is the same for
    every layer, whatever the scale of its gradient. Parameters with at most one axis (biases and
    batch normalization) are neither scaled nor decayed. Parameters whose weights or gradient are
    zero are not scaled.

    You et al. 2017, "Large Batch Training of Convolutional Networks", in the form of SimCLR (Chen
    et al. 2020), where the learning rate enters the momentum too.

    Args:
        params: parameters, or groups of them.
        lr: learning rate at its highest; the schedule lowers it.
        momentum: fraction of the previous step that is added to the next one.
        weight_decay: weight decay of parameters with at least two axes.
        trust_coefficient: ratio of the norm of a layer's step to the norm of its weights, for a
            learning rate of 1 and no momentum.

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
                raise ValueError(f"LARS needs {name} >= 0, got {value}.")
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step, and return the loss of the closure, if any."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, parameter.grad, group)
        return loss

    def _update(self, parameter: Tensor, step: Tensor, group: dict[str, Any]) -> None:
        if parameter.ndim > 1:
            step = step.add(parameter, alpha=group["weight_decay"])
            ratio = parameter.norm() / step.norm()
            # 0, infinite or NaN if the weights or the gradient are zero.
            usable = ratio.isfinite() & (ratio > 0)
            step = step * torch.where(usable, group["trust_coefficient"] * ratio, 1.0)
        state = self.state[parameter]
        if "velocity" not in state:
            state["velocity"] = torch.zeros_like(parameter)
        velocity = state["velocity"].mul_(group["momentum"]).add_(step, alpha=group["lr"])
        parameter.sub_(velocity)
