"""The learning rate as a pure function of the epoch."""

import math
from collections.abc import Callable
from dataclasses import dataclass

SCHEDULES = {
    "step": "soundalike.optim.schedules:StepSchedule",
    "cosine": "soundalike.optim.schedules:CosineSchedule",
}

Schedule = Callable[[float, int], float]
"""From the epoch, with fractions, and the number of epochs to a factor of the learning rate."""


@dataclass(frozen=True)
class StepSchedule:
    """Multiply the learning rate at given epochs (Fonseca et al. 2021: x0.1 at 325 and 425 of 500).

    Args:
        milestones: epochs after which the rate drops.
        factor: what it is multiplied by at each.

    >>> [StepSchedule(milestones=[2, 3])(epoch, 4) for epoch in (0, 1.9, 2, 3)]
    [1.0, 1.0, 0.1, 0.010000000000000002]
    """

    milestones: list[int]
    factor: float = 0.1

    def __call__(self, epoch: float, n_epochs: int) -> float:
        """Return the factor at an epoch, which may have a fraction."""
        return self.factor ** float(sum(epoch >= milestone for milestone in self.milestones))


@dataclass(frozen=True)
class CosineSchedule:
    """Rise linearly, then fall along half a cosine to zero (Loshchilov and Hutter 2017).

    Args:
        n_warmup_epochs: length of the rise; a fraction of an epoch will do.

    >>> [round(CosineSchedule(1)(epoch, 5), 3) for epoch in (0, 0.5, 1, 3, 5)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    n_warmup_epochs: float = 0.0

    def __call__(self, epoch: float, n_epochs: int) -> float:
        """Return the factor at an epoch, which may have a fraction."""
        if epoch < self.n_warmup_epochs:
            return epoch / self.n_warmup_epochs
        progress = (epoch - self.n_warmup_epochs) / (n_epochs - self.n_warmup_epochs)
        return 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
