"""The loop of every training: steps, monitor, metrics and checkpoints; stopped, it goes on."""

import contextlib
import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor
from tqdm import tqdm

from soundalike.runtime.interrupt import StopSignal
from soundalike.runtime.lock import locked
from soundalike.training.run_folder import Metrics, Row, RunFolder
from soundalike.training.steps import Training

SECONDS_PER_CHECKPOINT = 60.0
STEPS_PER_FLUSH = 10  # losses are fetched from the device, checked and written this often


Look = dict[str, float]
"""What was found after an epoch: `step`, `epoch`, and the columns of the monitor."""


class TrainingError(Exception):
    """Training cannot go on: one plain line that says what to look at."""

    exit_code = 1


@dataclass(frozen=True)
class Monitor:
    """What is looked at after an epoch, and what follows from it.

    Args:
        columns: of the metrics, the numbers that are found.
        look: looks at the module in evaluation mode and returns a number for each column.
        every_n_epochs: how often to look; the last epoch is always looked at.
        selection_metric: column whose highest number tells the epoch that is kept; by default the
            last.
        shown: columns on the progress bar, by the word for each.
        alarms: from all looks so far, what is wrong: a sentence for each kind of trouble. Each kind
            is told once, as soon as it shows.
    """

    columns: Sequence[str]
    look: Callable[[], Mapping[str, float]]
    every_n_epochs: int = 1
    selection_metric: str | None = None
    shown: Mapping[str, str] = field(default_factory=dict)
    alarms: Callable[[Sequence[Look]], Mapping[str, str]] = lambda looks: {}

    def is_due(self, epoch: int, n_epochs: int) -> bool:
        """Tell whether to look after an epoch (counted from 1)."""
        return epoch % self.every_n_epochs == 0 or epoch == n_epochs


def run_to_end(
    training: Training,
    run: RunFolder,
    keep: Callable[[], None],
    monitor: Monitor | None = None,
    *,
    name: str,
    progress: bool = True,
) -> dict[str, Any]:
    """Take the steps that are left, from the run's checkpoint if it has one.

    A training that was stopped and goes on writes the same metrics as one that was not. What is
    kept is the best epoch where the monitor selection_metric, otherwise the last.

    Args:
        training: takes the steps.
        run: where metrics and checkpoints go.
        keep: writes what was trained into the run.
        monitor: looks at epochs.
        name: what to call this on the progress bar.
        progress: whether to show one.

    Returns:
        `n_steps`, `n_steps_done`, `loss` of the last step, the monitor's `looks`, `epoch` that was
        kept, and `seconds` of training, those of earlier calls included.

    Raises:
        TrainingError: the loss is no number any more.
        RunError: the checkpoint cannot be read.
        InUseError: another training is at work in the run.
        OSError: a file cannot be written.
    """
    with locked(run.path):
        return _Loop(training, run, keep, monitor, name, progress).run_to_end()


class _Loop:
    """A training under way: what `run_to_end` keeps between steps."""

    def __init__(
        self,
        training: Training,
        run: RunFolder,
        keep: Callable[[], None],
        monitor: Monitor | None,
        name: str,
        progress: bool,
    ) -> None:
        self.training = training
        self.run = run
        self.keep = keep
        self.monitor = monitor
        self.n_steps = training.n_epochs * training.steps_per_epoch
        self.state: dict[str, Any] = {
            "module": training.module,
            "optimizer": training.optimizer,
            "step": 0,
            "best_score": -1.0,
            "best_epoch": 0,
            "seconds": 0.0,
        }
        run.load(training.fabric, self.state)
        columns = monitor.columns if monitor else ()
        self.metrics = Metrics(run, self.state["step"], columns)
        self.metrics.flush()
        self.looks = _looks(self.metrics.rows(), columns)
        self.told: set[str] = set()
        self.shown: dict[str, str] = {}
        self.bar = tqdm(
            total=self.n_steps,
            initial=self.state["step"],
            desc=name,
            unit=" steps",
            disable=not progress,
        )

    def run_to_end(self) -> dict[str, Any]:
        training, state = self.training, self.state
        is_done = state["step"] == self.n_steps
        saved = time.monotonic()
        began = saved - state["seconds"]
        training.module.train()
        with StopSignal() as stop, self.bar, contextlib.closing(self.metrics):
            while state["step"] < self.n_steps and not stop.is_set:
                row: Row = {
                    "step": state["step"] + 1,
                    "epoch": state["step"] // training.steps_per_epoch + 1,
                    "learning_rate": training.learning_rate(state["step"]),
                    "loss": training.step(state["step"]),
                    "seconds": round(time.monotonic() - began, 3),
                }
                state["step"] += 1
                if state["step"] % training.steps_per_epoch == 0:
                    row |= self._look(row)
                if self.metrics.add(row) >= STEPS_PER_FLUSH:
                    self._write_down()
                state["seconds"] = time.monotonic() - began
                if time.monotonic() - saved > SECONDS_PER_CHECKPOINT:
                    self._save()
                    saved = time.monotonic()
                self.bar.update()
            if not is_done:  # otherwise what was kept then stays as it is
                self._save()
        return self._numbers()

    def _look(self, row: Row) -> Mapping[str, float]:
        """Let the monitor look at the epoch that a row ends, and keep it if it is the best."""
        monitor, epoch = self.monitor, int(row["epoch"])
        if monitor is None or not monitor.is_due(epoch, self.training.n_epochs):
            return {}
        self._refuse_no_number(row)
        self.training.module.eval()
        found = monitor.look()
        self.training.module.train()
        self.looks.append({"step": int(row["step"]), "epoch": epoch, **found})
        self._show(monitor)
        if monitor.selection_metric and found[monitor.selection_metric] > self.state["best_score"]:
            self.state |= {"best_score": found[monitor.selection_metric], "best_epoch": epoch}
            self._write_down()
            self.keep()
        return found

    def _show(self, monitor: Monitor) -> None:
        """Put the last look on the progress bar, and alarms that are new above it."""
        look = self.looks[-1]
        for word, column in monitor.shown.items():
            self.shown[word] = f"{look[column]:.3g}"
        for kind, sentence in monitor.alarms(self.looks).items():
            if kind not in self.told and not self.bar.disable:
                told = f"epoch {look['epoch']:.0f}: {kind}: {sentence}"
                self.bar.write(told, file=sys.stderr)
            self.told.add(kind)

    def _write_down(self) -> None:
        """Write the waiting metrics; stop if a loss among them is no number."""
        for row in self.metrics.flush():
            self._refuse_no_number(row)
            self.shown["loss"] = f"{row['loss']:.3f}"
        self.bar.set_postfix(self.shown, refresh=False)

    def _refuse_no_number(self, row: Mapping[str, float | Tensor]) -> None:
        if not math.isfinite(row["loss"]):
            raise TrainingError(
                f"{self.run.path}: the loss is {float(row['loss'])} at step {int(row['step'])} "
                f"(epoch {int(row['epoch'])}): try a lower optimizer.lr, a higher loss.temperature "
                "or training.precision 32-true; `soundalike scan` finds damaged sounds."
            )

    def _save(self) -> None:
        """Save where the run is, after the metrics up to there."""
        self._write_down()
        if self.state["best_epoch"] == 0:
            self.keep()
        self.run.save(self.training.fabric, self.state)

    def _numbers(self) -> dict[str, Any]:
        rows = self.metrics.rows()
        return {
            "n_steps": self.n_steps,
            "n_steps_done": self.state["step"],
            "loss": float(rows[-1]["loss"]) if rows else None,
            "looks": self.looks,
            "epoch": self.state["best_epoch"] or self.training.n_epochs,
            "seconds": round(self.state["seconds"], 1),
        }


def _looks(rows: Iterable[Mapping[str, str]], columns: Sequence[str]) -> list[Look]:
    """Return what was found before, in the part of a run that is done."""
    looks = []
    for row in rows:
        if found := {name: float(row[name]) for name in columns if row[name]}:
            looks.append({"step": int(row["step"]), "epoch": int(row["epoch"]), **found})
    return looks
