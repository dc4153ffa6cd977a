"""What a training checks between epochs, and how the results are used."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Check = dict[str, float]
"""The results of a check after an epoch: `step`, `epoch`, and the columns of the monitor."""


@dataclass(frozen=True)
class Monitor:
    """What is checked after an epoch, and how the results are used.

    Args:
        columns: the results of a check, as columns of the metrics.
        check: checks the module in evaluation mode and returns a number for each column.
        every_n_epochs: epochs from one check to the next; the end of a training is always checked.
        selection_metric: column whose highest value selects the epoch of the final model; by
            default the last epoch is used.
        bar_columns: columns on the progress bar, by their names there.
        alarms: from all checks so far, what is wrong: a sentence for each kind of trouble. Each
            kind is printed once, when it first occurs.
        check_steps: how many steps take about as long as a check.
    """

    columns: Sequence[str]
    check: Callable[[], Mapping[str, float]]
    every_n_epochs: int = 1
    selection_metric: str | None = None
    bar_columns: Mapping[str, str] = field(default_factory=dict)
    alarms: Callable[[Sequence[Check]], Mapping[str, str]] = lambda checks: {}
    check_steps: float = 0.0

    def is_due(self, step: int, steps_per_epoch: int, n_steps: int) -> bool:
        """Return whether there is a check after a step (counted from 1)."""
        return step % (self.every_n_epochs * steps_per_epoch) == 0 or step == n_steps

    def share_of_steps(self, steps_per_epoch: int) -> float:
        """Return the duration of all checks as a share of the duration of all steps."""
        return self.check_steps / (self.every_n_epochs * steps_per_epoch)


def read_checks(rows: Iterable[Mapping[str, str]], columns: Sequence[str]) -> list[Check]:
    """Return the checks among the rows of ``metrics.csv``."""
    checks = []
    for row in rows:
        if scores := {name: float(row[name]) for name in columns if row[name]}:
            checks.append({"step": int(row["step"]), "epoch": int(row["epoch"]), **scores})
    return checks
