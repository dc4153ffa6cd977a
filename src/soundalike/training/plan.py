"""The steps of a training: those of the recipe's epochs, or as many as fit into a given time."""

from dataclasses import dataclass

N_WARMUP_STEPS = 2  # not timed: the first steps of a process are slower


@dataclass(frozen=True)
class Plan:
    """Where the schedule of a training begins and ends.

    Args:
        first_step: 0, or the number of steps of the finished training that this one continues.
        n_steps: number of steps at the end, including those before `first_step`.

    >>> Plan(0, 200).progress(50), Plan(200, 300).progress(225)
    (0.25, 0.25)
    """

    first_step: int
    n_steps: int

    def progress(self, step: int, of: int = 1) -> float:
        """Return the share of the training that is complete before a step, times ``of``.

        The product is rounded once, so that epochs are exact where they are whole numbers.
        """
        return (step - self.first_step) * of / (self.n_steps - self.first_step)


@dataclass
class TimeBudget:
    """Measures steps, and estimates how many fit into the time that is left.

    Checks between epochs count as part of the steps before them. The estimate is made anew after
    every step, so a machine that becomes slower or faster changes the number of steps, and not the
    time.

    Args:
        seconds: time for everything.
        closing_steps: time needed after the last step, as a number of steps.
        extends: If true, a finished training continues for that time, with a new schedule.
    """

    seconds: float
    closing_steps: float = 0.0
    extends: bool = False
    _n_steps: int = 0
    _start_s: float = 0.0

    def n_more_steps(self, now_s: float, end_s: float) -> int | None:
        """Count a step, and return how many more fit; None as long as no time was measured.

        Args:
            now_s: present time.
            end_s: time at which everything should be complete.

        >>> budget = TimeBudget(100, closing_steps=3)
        >>> [budget.n_more_steps(now, end_s=100) for now in (5, 9, 11, 13, 17)]
        [None, None, 41, 40, 28]
        """
        self._n_steps += 1
        if self._n_steps <= N_WARMUP_STEPS:
            self._start_s = now_s
            return None
        step_s = (now_s - self._start_s) / (self._n_steps - N_WARMUP_STEPS)
        return max(0, int((end_s - now_s) / max(step_s, 1e-6) - self.closing_steps))
