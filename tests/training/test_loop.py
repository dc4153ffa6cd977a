"""The loop, driven by the smallest training there is: a straight line through points."""

import math
import os
import signal

import pandas as pd
import pytest
import torch

from soundalike.training import loop
from soundalike.training.hardware import Hardware
from soundalike.training.loop import Monitor, TrainingError, run_to_end
from soundalike.training.run_folder import RunFolder


class Line:
    """Fits y = 2x; ``stop_at`` sends a signal in that step, ``break_at`` gives a loss of NaN."""

    n_epochs, steps_per_epoch = 4, 3

    def __init__(self, stop_at=None, break_at=None):
        self.stop_at, self.break_at = stop_at, break_at
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
        x = torch.full((1, 1), 1.0 + number)
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


def test_a_monitor_is_due_every_so_often_and_at_the_end():
    monitor = Monitor("score", lambda: 0.0, every_n_epochs=4)
    assert [epoch for epoch in range(1, 11) if monitor.is_due(epoch, 10)] == [4, 8, 10]


def test_without_a_monitor_the_last_epoch_is_kept(tmp_path):
    kept = []
    numbers = run_to_end(
        Line(), new_run(tmp_path / "run"), lambda: kept.append(1), name="x", progress=False
    )
    assert (numbers["n_steps"], numbers["n_steps_done"], numbers["epoch"]) == (12, 12, 4)
    assert kept == [1]


@pytest.mark.parametrize("chooses", [True, False])
def test_the_best_epoch_is_kept_where_the_monitor_chooses(tmp_path, chooses):
    run, scores, kept = new_run(tmp_path / "run"), iter([0.2, 0.9, 0.9, 0.1]), []
    line = Line()
    numbers = run_to_end(
        line,
        run,
        lambda: kept.append(line.module.weight.item()),
        Monitor("score", lambda: next(scores), chooses=chooses),
        name="x",
        progress=False,
    )
    assert numbers["score"] == {1: 0.2, 2: 0.9, 3: 0.9, 4: 0.1}
    assert numbers["epoch"] == (2 if chooses else 4)
    assert len(kept) == (2 if chooses else 1)
    assert (kept[-1] == line.module.weight.item()) is not chooses
    assert table(run)["score"].notna().tolist() == [False, False, True] * 4


@pytest.mark.parametrize("stop_at", [0, 4, 11])
def test_a_stopped_training_goes_on_as_if_it_had_not_been(tmp_path, stop_at):
    whole, halves = new_run(tmp_path / "whole"), new_run(tmp_path / "halves")
    run_to_end(Line(), whole, lambda: None, name="x", progress=False)
    stopped = run_to_end(Line(stop_at), halves, lambda: None, name="x", progress=False)
    assert stopped["n_steps_done"] == stop_at + 1
    finished = run_to_end(Line(), halves, lambda: None, name="x", progress=False)
    assert finished["seconds"] >= stopped["seconds"]
    seconds = pd.read_csv(halves.path / "metrics.csv")["seconds"]
    assert seconds.is_monotonic_increasing
    pd.testing.assert_frame_equal(table(halves), table(whole))


def test_the_best_score_is_remembered_over_a_stop(tmp_path):
    run, kept = new_run(tmp_path / "run"), []
    for stop_at, score in ((5, 0.9), (None, 0.5)):
        monitor = Monitor("score", lambda score=score: score)
        numbers = run_to_end(
            Line(stop_at), run, lambda: kept.append(1), monitor, name="x", progress=False
        )
    assert len(kept) == 1
    assert numbers["epoch"] == 1


def test_a_loss_that_is_no_number_ends_the_training(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "STEPS_PER_FLUSH", 2)
    with pytest.raises(TrainingError, match=r"the loss is nan at step 5 \(epoch 2\)"):
        run_to_end(
            Line(break_at=4), new_run(tmp_path / "run"), lambda: None, name="x", progress=False
        )


def test_a_training_that_was_done_is_not_done_again(tmp_path):
    run = new_run(tmp_path / "run")
    run_to_end(Line(), run, lambda: None, name="x", progress=False)
    before = table(run)
    line = Line(break_at=0)
    assert run_to_end(line, run, lambda: None, name="x", progress=False)["n_steps_done"] == 12
    pd.testing.assert_frame_equal(table(run), before)
