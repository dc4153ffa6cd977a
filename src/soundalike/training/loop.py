"""The loop of every training: steps, checks, metrics and checkpoints. Interrupted runs resume."""

import contextlib
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from soundalike.runtime.counts import counted
from soundalike.runtime.interrupt import StopSignal
from soundalike.runtime.ranks import highest, is_first
from soundalike.training.finite_loss import refuse_non_finite
from soundalike.training.metrics import Metrics, StepMetrics
from soundalike.training.monitor import Check, Monitor, read_checks
from soundalike.training.plan import Plan, TimeBudget
from soundalike.training.run_folder import RunFolder
from soundalike.training.steps import Training
from soundalike.training.training_bar import TrainingBar

SECONDS_PER_CHECKPOINT = 60.0
STEPS_PER_FLUSH = 10  # losses are fetched from the device, checked and written this often


@dataclass(frozen=True)
class LoopResult:
    """What a training has done so far.

    Args:
        n_steps: number of steps of the whole training.
        n_steps_done: number of steps so far.
        loss: loss of the last step.
        checks: results of the monitor.
        epoch: epoch of the final model.
        seconds: training time, including earlier calls.
    """

    n_steps: int
    n_steps_done: int
    loss: float | None
    checks: list[Check]
    epoch: int
    seconds: float

    @property
    def is_finished(self) -> bool:
        """If false, training was interrupted."""
        return self.n_steps_done == self.n_steps


def run_to_end(
    training: Training,
    run: RunFolder,
    save_model: Callable[[], None],
    monitor: Monitor | None = None,
    budget: TimeBudget | None = None,
    *,
    name: str,
    whole: str = "",
    closing_steps: float = 0.0,
    progress: bool = True,
) -> LoopResult:
    """Take all remaining steps, from the run's checkpoint if it has one.

    A resumed run writes the same metrics as an uninterrupted one, unless it has a budget. The final
    model is that of the best epoch by the monitor's selection metric, or else of the last epoch.
    On several ranks, the first one checks, writes, and decides when it is time; a signal to any
    rank stops all.

    Args:
        training: takes the steps.
        run: where metrics and checkpoints go.
        save_model: saves the current model in the run; the last call saves the final model.
        monitor: checks epochs.
        budget: if set, there are as many steps as fit into its time.
        name: the training's name on the progress bar.
        whole: name of the work that it is part of; by default, there is no more.
        closing_steps: how many steps take as long as what follows the last one in that work.
        progress: If true, show a progress bar, and say after some steps how long the work takes.

    Raises:
        TrainingError: the loss is NaN or infinite.
        CheckpointError: no checkpoint can be read.
        RunError: another training has configured the run.
        InUseError: another training is using the run.
        OSError: a file cannot be written.
    """
    with run.claimed():
        # With a budget, there are fewer steps so that the checks fit into its time.
        timed = monitor if budget is None else None
        bar = TrainingBar(
            name,
            whole=whole,
            check_share=timed.share_of_steps(training.steps_per_epoch) if timed else 0.0,
            closing_steps=closing_steps,
            is_shown=progress,
        )
        return _Loop(training, run, save_model, monitor, budget, bar).run_to_end()


class _Loop:
    """A training in progress: the state that `run_to_end` has between steps."""

    def __init__(
        self,
        training: Training,
        run: RunFolder,
        save_model: Callable[[], None],
        monitor: Monitor | None,
        budget: TimeBudget | None,
        bar: TrainingBar,
    ) -> None:
        self.training = training
        self.run = run
        self.save_model = save_model
        self.monitor = monitor
        self.budget = budget
        self.bar = bar
        self.state: dict[str, Any] = {
            "module": training.module,
            "optimizer": training.optimizer,
            "criterion": training.criterion,
            "step": 0,
            "first_step": 0,
            "n_steps": training.plan.n_steps,
            "first_second": 0.0,
            "best_score": -1.0,
            "best_epoch": 0,
            "seconds": 0.0,
        }
        # In "16-mixed" the loss is scaled by a factor that adapts from step to step.
        if scaler := getattr(training.fabric.strategy.precision, "scaler", None):
            self.state["scaler"] = scaler
        run.checkpoints.load(training.fabric, self.state)
        if budget and budget.extends and self.state["step"] == self.state["n_steps"]:
            self._continue_finished()
        elif 0 < self.state["step"] < self.state["n_steps"]:
            used = f"; {self.state['seconds'] / 60:.1f} minutes of the time are used"
            bar.say(f"resumes after {counted(self.state['step'], 'step')}{used if budget else ''}")
        columns = monitor.columns if monitor else ()
        self.metrics = Metrics(run, self.state["step"], columns)
        self.metrics.flush()
        self.checks = read_checks(self.metrics.rows(), columns)
        bar.start(self.state["step"], self.state["n_steps"])

    def _continue_finished(self) -> None:
        """Begin a new schedule after the steps of a finished run."""
        state = self.state
        self.bar.say(f"new schedule after {counted(state['step'], 'step')}")
        state["first_step"], state["first_second"] = state["step"], state["seconds"]
        state["n_steps"] += self.training.plan.n_steps

    def run_to_end(self) -> LoopResult:
        training, state = self.training, self.state
        was_finished, must_stop = state["step"] == state["n_steps"], False
        last_save = time.monotonic()
        start = last_save - state["seconds"]
        training.module.train()
        with StopSignal("step") as stop, self.bar, contextlib.closing(self.metrics):
            while state["step"] < state["n_steps"] and not must_stop:
                training.plan = Plan(state["first_step"], state["n_steps"])
                row: StepMetrics = {
                    "step": state["step"] + 1,
                    "epoch": state["step"] // training.steps_per_epoch + 1,
                    "learning_rate": training.learning_rate(state["step"]),
                    "loss": training.step(state["step"]),
                    "seconds": round(time.monotonic() - start, 3),
                }
                state["step"] += 1
                row |= self._check(row)
                if self.metrics.add(row) >= STEPS_PER_FLUSH:
                    self._flush()
                state["seconds"] = time.monotonic() - start
                self._fit_into_time()
                must_save = time.monotonic() - last_save > SECONDS_PER_CHECKPOINT
                must_stop, must_save = self._agree(stop.is_set, must_save)
                if must_save:
                    self._save()
                    last_save = time.monotonic()
                self.bar.count_step(state["step"], state["n_steps"])
            if not was_finished:  # a finished run stays unchanged
                self._save()
        return self._result()

    def _agree(self, must_stop: bool, must_save: bool) -> tuple[bool, bool]:
        """Let all ranks do the same after a step, as any signal and the first rank's clock say."""
        decisions = [must_save, self.state["n_steps"]] if is_first() else [0, 0]
        any_stops, first_saves, n_steps = highest([must_stop, *decisions])
        self.state["n_steps"] = int(n_steps)
        return bool(any_stops), bool(first_saves)

    def _fit_into_time(self) -> None:
        """Change the number of steps to what fits into the time that is left."""
        state, budget = self.state, self.budget
        if budget is None or state["step"] == state["n_steps"]:
            return
        n_more = budget.n_more_steps(state["seconds"], state["first_second"] + budget.seconds)
        if n_more is not None:  # at least one: the last step is followed by a check
            state["n_steps"] = state["step"] + max(1, n_more)

    def _check(self, row: StepMetrics) -> Mapping[str, float]:
        """Check the network if that is due after a step, and save its model if it is the best."""
        monitor, epoch, step = self.monitor, int(row["epoch"]), int(row["step"])
        n_steps, steps_per_epoch = self.state["n_steps"], self.training.steps_per_epoch
        if monitor is None or not monitor.is_due(step, steps_per_epoch, n_steps):
            return {}
        refuse_non_finite(self.run.path, row)
        if not is_first():
            return {}
        self.training.module.eval()
        scores = monitor.check()
        self.training.module.train()
        self.checks.append({"step": step, "epoch": epoch, **scores})
        self.bar.show_check(monitor, self.checks)
        metric = monitor.selection_metric
        if metric and scores[metric] > self.state["best_score"]:
            self.state |= {"best_score": scores[metric], "best_epoch": epoch}
            self._flush()
            self.save_model()
        return scores

    def _flush(self) -> None:
        """Write the waiting metrics; stop if one of their losses is not finite."""
        loss = None
        for row in self.metrics.flush():
            refuse_non_finite(self.run.path, row)
            loss = float(row["loss"])
        self.bar.show_loss(loss)

    def _save(self) -> None:
        """Save the checkpoint, and before it the metrics up to there."""
        self._flush()
        self.metrics.flush_to_disk()
        if self.state["best_epoch"] == 0 and is_first():
            self.save_model()
        self.run.checkpoints.save(self.training.fabric, self.state)

    def _result(self) -> LoopResult:
        rows, steps_per_epoch = self.metrics.rows(), self.training.steps_per_epoch
        return LoopResult(
            n_steps=self.state["n_steps"],
            n_steps_done=self.state["step"],
            loss=float(rows[-1]["loss"]) if rows else None,
            checks=self.checks,
            epoch=self.state["best_epoch"] or math.ceil(self.state["n_steps"] / steps_per_epoch),
            seconds=round(self.state["seconds"], 1),
        )
