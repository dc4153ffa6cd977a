"""How long a piece of work takes on this machine: estimated from its first parts, said once."""

import sys
import time
from collections.abc import Callable

from soundalike.runtime.counts import counted, format_duration
from soundalike.runtime.limits import allowed_device, n_processors
from soundalike.runtime.progress import Bar

N_PARTS = 10  # that are measured
LEAST_S = 1.0  # measured at least
LONG_PARTS_S = 10.0  # after that, `N_LONG_PARTS` are enough
N_LONG_PARTS = 3
WORTH_SAYING_S = 10.0  # nothing is said of shorter work


class Forecast:
    """Measures the first parts of a piece of work and says once how long all of it takes.

    The first part is not measured, because it is often slower than the others.

    Args:
        bar: the progress bar of the work; the line is written above it, and not if it is hidden.
        name: what takes that long, such as "pretrain".
        clock: returns the time in seconds.
    """

    def __init__(self, bar: Bar, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.bar = bar
        self.name = name
        self.clock = clock
        self.begin_s = clock()
        self.measured_from_s = 0.0
        self.n_parts = -1
        self.amount = 0.0
        self.is_over = bool(bar.disable)

    def add(self, amount: float, left: float) -> None:
        """Count a part of the work that has just been completed.

        Args:
            amount: its size, in any unit.
            left: how much is left after it, in the same unit.
        """
        if self.is_over:
            return
        now_s = self.clock()
        self.n_parts += 1
        if self.n_parts == 0:
            self.measured_from_s = now_s
            return
        self.amount += amount
        seconds = now_s - self.measured_from_s
        is_enough = self.n_parts >= N_PARTS and seconds >= LEAST_S
        is_enough |= self.n_parts >= N_LONG_PARTS and seconds >= LONG_PARTS_S
        if not is_enough or not self.amount:
            return
        self.is_over = True
        seconds_left = seconds * left / self.amount
        if seconds_left >= WORTH_SAYING_S:
            line = f"{self.name}: {on_this_machine(now_s - self.begin_s + seconds_left)}"
            self.bar.write(line, file=self.bar.fp)


def on_this_machine(seconds: float) -> str:
    """Say how long something takes here, such as "about 12 min on this machine (2 cores)"."""
    return f"about {format_duration(seconds)} on this machine ({_processors()})"


def _processors() -> str:
    """Return what computes: the GPU, if torch is in use and there is one, or the processors."""
    torch = sys.modules.get("torch")
    if torch and allowed_device() != "cpu" and torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    return counted(n_processors(), "core")
