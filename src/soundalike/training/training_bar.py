"""What a training shows while it runs: a progress bar, new alarms, and how long it takes."""

import sys
from collections.abc import Sequence
from types import TracebackType

from soundalike.runtime.forecast import Forecast
from soundalike.runtime.progress import progress_bar
from soundalike.training.monitor import Check, Monitor

N_MEASURED = 10  # steps before the bar shows the time left; the first ones are slower


class TrainingBar:
    """The progress bar of a training, in steps.

    Args:
        name: the training's name.
        whole: name of the work that it is part of; by default, there is no more.
        check_share: duration of all checks, as a share of the duration of all steps.
        closing_steps: duration of what follows the last step in that work, as a number of steps.
        is_shown: If false, nothing is shown.
    """

    def __init__(
        self,
        name: str,
        *,
        whole: str = "",
        check_share: float = 0.0,
        closing_steps: float = 0.0,
        is_shown: bool = True,
    ) -> None:
        self.name = name
        self.whole = whole or name
        self.check_share = check_share
        self.closing_steps = closing_steps
        self.is_shown = is_shown
        self.numbers: dict[str, str] = {}
        self.alarms: set[str] = set()

    def say(self, line: str) -> None:
        """Print a line on standard error, before the bar starts."""
        if self.is_shown:
            print(line, file=sys.stderr)

    def start(self, n_steps_done: int, n_steps: int) -> None:
        """Show the bar of a training that has taken some of its steps in earlier calls."""
        self.bar = progress_bar(
            name=self.name,
            unit="steps",
            total=n_steps,
            initial=n_steps_done,
            is_shown=self.is_shown,
            n_measured=N_MEASURED,
        )
        self.forecast = Forecast(self.bar, self.whole)

    def __enter__(self) -> "TrainingBar":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.close()

    def count_step(self, n_steps_done: int, n_steps: int) -> None:
        """Count a step; the number of all steps may have changed."""
        self.bar.total = n_steps
        self.bar.update()
        left = (n_steps - n_steps_done) * (1 + self.check_share) + self.closing_steps
        self.forecast.add(1, left)

    def show_check(self, monitor: Monitor, checks: Sequence[Check]) -> None:
        """Put the last check on the bar, and print new alarms above it."""
        check = checks[-1]
        for name, column in monitor.bar_columns.items():
            self.numbers[name] = f"{check[column]:.3g}"
        for kind, sentence in monitor.alarms(checks).items():
            if kind not in self.alarms and self.is_shown:
                self.bar.write(f"epoch {check['epoch']:.0f}: {kind}: {sentence}", file=sys.stderr)
            self.alarms.add(kind)

    def show_loss(self, loss: float | None) -> None:
        """Put the loss of a step on the bar; None leaves the one before."""
        if loss is not None:
            self.numbers["loss"] = f"{loss:.3f}"
        self.bar.set_postfix(self.numbers, refresh=False)
