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
        n_warmup_epochs: length of the warm-up; may be a fraction of an epoch. A warm-up that is
            longer than half of the training is shortened to half of it.

    Raises:
        ValueError: ``n_warmup_epochs`` is below 0 or not finite.

    >>> [round(CosineSchedule(1)(epoch, 5), 3) for epoch in (0, 0.5, 1, 3, 5)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    >>> [round(CosineSchedule(1)(epoch, 1), 3) for epoch in (0, 0.25, 0.5, 0.75)]
    [0.0, 0.5, 1.0, 0.5]
    """

    n_warmup_epochs: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.n_warmup_epochs < math.inf:
            raise ValueError(
                f"the schedule needs n_warmup_epochs of at least 0, got {self.n_warmup_epochs}."
            )

    def __call__(self, epoch: float, n_epochs: int) -> float:
        """Return the factor of the learning rate at an epoch."""
        n_warmup_epochs = self.warmup_within(n_epochs)
        if epoch < n_warmup_epochs:
            return epoch / n_warmup_epochs
        progress = (epoch - n_warmup_epochs) / (n_epochs - n_warmup_epochs)
        return 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))

    def warmup_within(self, n_epochs: int) -> float:
        """Return the epochs of warm-up in a training of this length."""
        return min(self.n_warmup_epochs, n_epochs / 2)


def warmup_note(schedule: Schedule, n_epochs: int) -> str:
    """Return a sentence if the warm-up is shortened to fit the training, otherwise "".

    >>> warmup_note(CosineSchedule(n_warmup_epochs=1), 1)
    'shortens the warm-up from 1 to 0.5 epochs: it may take at most half of the training'
    """
    if not isinstance(schedule, CosineSchedule):
        return ""
    usual, within = schedule.n_warmup_epochs, schedule.warmup_within(n_epochs)
    if usual == within:
        return ""
    return (
        f"shortens the warm-up from {usual:g} to {within:g} epochs: it may take at most half of "
        "the training"
    )
