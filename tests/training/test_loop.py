"""The loop, with a minimal training: a line fitted to points."""

import math
import os
import signal

import pandas as pd
import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins import MixedPrecision

from soundalike.runtime.hardware import Hardware
from soundalike.training import loop
from soundalike.training.finite_loss import TrainingError
from soundalike.training.loop import run_to_end
from soundalike.training.monitor import Monitor
from soundalike.training.plan import Plan, TimeBudget
from soundalike.training.run_folder import RunFolder


class Line:
    """Fits y = 2x; ``stop_at`` sends a signal in that step, ``break_at`` gives a loss of NaN."""

    steps_per_epoch = 3

    def __init__(self, stop_at=None, break_at=None):
        self.stop_at, self.break_at = stop_at, break_at
        self.plan = Plan(0, 12)
        self.criterion = torch.nn.Identity()
        self.fabric = Hardware("cpu", "32-true", False, "").fabric()
        torch.manual_seed(0)
        module = torch.nn.Linear(1, 1)
        optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
        self.module, self.optimizer = self.fabric.setup(module, optimizer)

    def learning_rate(self, number):
        return 0.1

    def step(self, number):
        if number == self.stop_at:
            os.kill(os.getpid(), signal.SIGTERM)
        x = torch.full((1, 1), 1.0 + number % 12)
        loss = ((self.module(x) - 2 * x) ** 2).mean() / 100
        self.optimizer.zero_grad()
        self.fabric.backward(loss)
        self.optimizer.step()
        return loss.detach() * (math.nan if number == self.break_at else 1)


def new_run(path):
    run = RunFolder(path)
    run.configure(source="-")
    return run


def table(run):
    return pd.read_csv(run.path / "metrics.csv").drop(columns="seconds")


def monitor_of(scores, **settings):
    """A monitor whose checks return these scores, one after the other, and their negatives."""
    scores = iter(scores)

    def check():
        score = next(scores)
        return {"score": score, "opposite": -score}

    return Monitor(["score", "opposite"], check, **settings)


def test_without_a_monitor_the_last_epoch_is_saved(tmp_path):
    saved = []
    result = run_to_end(
        Line(), new_run(tmp_path / "run"), lambda: saved.append(1), name="x", progress=False
    )
    assert (result.n_steps, result.n_steps_done, result.epoch) == (12, 12, 4)
    assert saved == [1]


@pytest.mark.parametrize(
    ("selection_metric", "epoch", "n_saved"), [("score", 2, 2), ("opposite", 4, 2), (None, 4, 1)]
)
def test_the_best_epoch_by_the_selection_metric_is_saved(
    tmp_path, selection_metric, epoch, n_saved
):
    run, saved = new_run(tmp_path / "run"), []
    line = Line()
    result = run_to_end(
        line,
        run,
        lambda: saved.append(line.module.weight.item()),
        monitor_of([0.2, 0.9, 0.9, 0.1], selection_metric=selection_metric),
        name="x",
        progress=False,
    )
    assert result.checks == [
        {"step": 3, "epoch": 1, "score": 0.2, "opposite": -0.2},
        {"step": 6, "epoch": 2, "score": 0.9, "opposite": -0.9},
        {"step": 9, "epoch": 3, "score": 0.9, "opposite": -0.9},
        {"step": 12, "epoch": 4, "score": 0.1, "opposite": -0.1},
    ]
    assert result.epoch == epoch
    assert len(saved) == n_saved
    assert (saved[-1] == line.module.weight.item()) is (epoch == 4)
    for column in ("score", "opposite"):
        assert table(run)[column].notna().tolist() == [False, False, True] * 4


def test_a_resumed_run_has_the_earlier_checks(tmp_path):
    run, scores, seen = new_run(tmp_path / "run"), [0.2, 0.9, 0.4, 0.1], []

    def alarms(checks):
        seen.append([check["score"] for check in checks])
        return {}

    for stop_at in (4, None):
        monitor = monitor_of(scores[len(seen) :], alarms=alarms)
        result = run_to_end(Line(stop_at), run, lambda: None, monitor, name="x", progress=False)
    assert seen == [scores[:n] for n in (1, 2, 3, 4)]
    assert [check["score"] for check in result.checks] == scores
    assert [check["epoch"] for check in result.checks] == [1, 2, 3, 4]


@pytest.mark.usefixtures("every_update_is_shown")
def test_an_alarm_is_printed_once_and_scores_are_on_the_bar(tmp_path, capsys):
    def alarms(checks):
        return {"low": f"{checks[-1]['score']} is low"} if checks[-1]["score"] < 0.5 else {}

    monitor = monitor_of([0.9, 0.4, 0.3, 0.123456], alarms=alarms, bar_columns={"points": "score"})
    run_to_end(Line(), new_run(tmp_path / "run"), lambda: None, monitor, name="x")
    output = capsys.readouterr().err
    assert output.count("is low") == 1
    assert "epoch 2: low: 0.4 is low\n" in output
    assert "points=0.123" in output
    assert "opposite" not in output


@pytest.mark.parametrize("stop_at", [0, 4, 11])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path, stop_at):
    whole, halves = new_run(tmp_path / "whole"), new_run(tmp_path / "halves")
    run_to_end(Line(), whole, lambda: None, name="x", progress=False)
    interrupted = run_to_end(Line(stop_at), halves, lambda: None, name="x", progress=False)
    assert interrupted.n_steps_done == stop_at + 1
    finished = run_to_end(Line(), halves, lambda: None, name="x", progress=False)
    assert finished.seconds >= interrupted.seconds
    seconds = pd.read_csv(halves.path / "metrics.csv")["seconds"]
    assert seconds.is_monotonic_increasing
    pd.testing.assert_frame_equal(table(halves), table(whole))


def test_a_resumed_run_has_the_earlier_best_score(tmp_path):
    run, saved = new_run(tmp_path / "run"), []
    for stop_at, score in ((5, 0.9), (None, 0.5)):
        monitor = monitor_of([score] * 4, selection_metric="score")
        result = run_to_end(
            Line(stop_at), run, lambda: saved.append(1), monitor, name="x", progress=False
        )
    assert len(saved) == 1
    assert result.epoch == 1


def test_a_loss_that_is_not_finite_ends_the_training(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "STEPS_PER_FLUSH", 2)
    with pytest.raises(TrainingError, match=r"the loss is nan at step 5 \(epoch 2\)"):
        run_to_end(
            Line(break_at=4), new_run(tmp_path / "run"), lambda: None, name="x", progress=False
        )


def test_a_finished_run_stays_unchanged(tmp_path):
    run = new_run(tmp_path / "run")
    run_to_end(Line(), run, lambda: None, name="x", progress=False)
    before = table(run)
    line = Line(break_at=0)
    assert run_to_end(line, run, lambda: None, name="x", progress=False).n_steps_done == 12
    pd.testing.assert_frame_equal(table(run), before)


def with_loss_scaler(line, scale):
    """Let a training scale its loss, as "16-mixed" does on a GPU."""
    scaler = torch.amp.GradScaler("cpu", init_scale=scale, growth_interval=2)
    line.fabric = Fabric(
        accelerator="cpu", plugins=MixedPrecision("16-mixed", device="cpu", scaler=scaler)
    )
    module = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    line.module, line.optimizer = line.fabric.setup(module, optimizer)
    return scaler


def test_the_scale_of_the_loss_is_in_the_checkpoint(tmp_path):
    run, training = new_run(tmp_path / "run"), Line(stop_at=4)
    scaler = with_loss_scaler(training, 4.0)
    run_to_end(training, run, lambda: None, name="x", progress=False)
    assert scaler.get_scale() > 4
    resumed = Line()
    new_scaler = with_loss_scaler(resumed, 4.0)
    state = {"module": resumed.module, "optimizer": resumed.optimizer, "scaler": new_scaler,
             "criterion": resumed.criterion, "step": 0, "best_score": 0.0, "best_epoch": 0,
             "seconds": 0.0}  # fmt: skip
    run.checkpoints.load(resumed.fabric, state)
    assert state["step"] == 5
    assert new_scaler.state_dict() == scaler.state_dict()


class Clock:
    """Time that passes only where a test says so."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(loop.time, "monotonic", lambda: self.now)


class SlowLine(Line):
    """Every step takes the time that ``step_s`` returns for it."""

    def __init__(self, clock, step_s, **arguments):
        super().__init__(**arguments)
        self.clock, self.step_s = clock, step_s
        self.plans = []

    def step(self, number):
        self.plans.append(self.plan)
        self.clock.now += self.step_s(number)
        return super().step(number)


@pytest.mark.parametrize(
    "step_s",
    [
        lambda number: 1.0,
        lambda number: 30.0 if number < 2 else 1.0,
        lambda number: 1.0 if number < 60 else 3.0,
        lambda number: 3.0 if number < 30 else 1.0,
    ],
    ids=["steady", "slow start", "becomes slower", "becomes faster"],
)
def test_a_training_fits_into_its_time(tmp_path, monkeypatch, step_s):
    clock, run = Clock(monkeypatch), new_run(tmp_path / "run")
    line = SlowLine(clock, step_s)

    def check():
        clock.now += 2.0
        return {"score": 0.0}

    monitor = Monitor(["score"], check, every_n_epochs=3)
    budget = TimeBudget(300, closing_steps=2)
    result = run_to_end(line, run, lambda: None, monitor, budget, name="x", progress=False)
    assert result.is_finished
    assert clock.now == pytest.approx(300, rel=0.02)
    assert result.checks[-1]["step"] == result.n_steps, "the end is checked"
    assert len(line.plans) == result.n_steps
    assert line.plans[-1] == Plan(0, result.n_steps)


def test_at_least_a_step_follows_even_if_the_time_is_up(tmp_path, monkeypatch):
    clock = Clock(monkeypatch)
    run = new_run(tmp_path / "run")
    line = SlowLine(clock, lambda number: 10.0)
    monitor = monitor_of([0.5], every_n_epochs=2)
    budget = TimeBudget(1, closing_steps=5)
    result = run_to_end(line, run, lambda: None, monitor, budget, name="x", progress=False)
    assert (result.n_steps, result.epoch, len(result.checks)) == (4, 2, 1)


def test_a_finished_run_continues_with_a_new_schedule(tmp_path, monkeypatch, capsys):
    clock, run = Clock(monkeypatch), new_run(tmp_path / "run")
    first = run_to_end(Line(), run, lambda: None, name="x", progress=False)
    before = table(run)
    line = SlowLine(clock, lambda number: 1.0)
    budget = TimeBudget(50, extends=True)
    result = run_to_end(line, run, lambda: None, None, budget, name="x")
    assert (first.n_steps, result.n_steps) == (12, 62)
    assert {plan.first_step for plan in line.plans} == {12}
    assert line.plans[0].progress(12) == 0
    assert table(run).head(12).equals(before)
    assert table(run)["step"].tolist() == list(range(1, 63))
    assert "new schedule after 12 steps" in capsys.readouterr().err


def test_an_interrupted_budget_continues_where_it_was(tmp_path, monkeypatch, capsys):
    clock, run = Clock(monkeypatch), new_run(tmp_path / "run")
    for stop_at in (20, None):
        line = SlowLine(clock, lambda number: 1.0, stop_at=stop_at)
        result = run_to_end(line, run, lambda: None, None, TimeBudget(50), name="x")
    assert "resumes after 21 steps; 0.3 minutes of the time are used" in capsys.readouterr().err
    assert result.is_finished
    assert result.n_steps == pytest.approx(50, abs=1)
    assert result.seconds == pytest.approx(50, abs=1)


@pytest.mark.parametrize("budget", [None, TimeBudget(50)], ids=["epochs", "time"])
def test_a_finished_run_stays_as_it_is(tmp_path, budget):
    run = new_run(tmp_path / "run")
    first = run_to_end(Line(), run, lambda: None, name="x", progress=False)
    again = run_to_end(Line(), run, lambda: None, None, budget, name="x", progress=False)
    assert first == again
