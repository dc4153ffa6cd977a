"""Learning-rate schedules: factors of the learning rate as pure functions of the epoch.

Epochs are floats: 1.5 is halfway through the second epoch.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

Schedule = Callable[[float, int], float]
"""(epoch, number of epochs) -> factor of the learning rate."""


@dataclass(frozen=True)
class StepSchedule:
    """Drop the learning rate at some epochs (Fonseca et al. 2021: x0.1 at 325 and 425 of 500).

    Args:
        milestones: epochs after which the rate drops.
        factor: factor of each drop.

    Raises:
        ValueError: ``factor`` is not from 0 to 1.

    >>> [StepSchedule(milestones=[2, 3])(epoch, 4) for epoch in (0, 1.9, 2, 3)]
    [1.0, 1.0, 0.1, 0.010000000000000002]
    """

    milestones: list[int]
    factor: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.factor <= 1:
            raise ValueError(f"the schedule needs a factor from 0 to 1, got {self.factor}.")

    def __call__(self, epoch: float, n_epochs: int) -> float:
        """Return the factor of the learning rate at an epoch."""
        return self.factor ** float(sum(epoch >= milestone for milestone in self.milestones))


@dataclass(frozen=True)
class CosineSchedule:
    """Warm up linearly, then decay to zero along half a cosine (Loshchilov and Hutter 2017).

    Args:
        n_warmup_epochs: length of the warm-up; may be a fraction of an epoch.

    Raises:
        ValueError: ``n_warmup_epochs`` is below 0 or not finite.

    >>> [round(CosineSchedule(1)(epoch, 5), 3) for epoch in (0, 0.5, 1, 3, 5)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    n_warmup_epochs: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.n_warmup_epochs < math.inf:
            raise ValueError(
                f"the schedule needs n_warmup_epochs of at least 0, got {self.n_warmup_epochs}."
            )

    def __call__(self, epoch: float, n_epochs: int) -> float:
        """Return the factor of the learning rate at an epoch."""
        if epoch < self.n_warmup_epochs:
            return epoch / self.n_warmup_epochs
        progress = (epoch - self.n_warmup_epochs) / (n_epochs - self.n_warmup_epochs)
        return 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
