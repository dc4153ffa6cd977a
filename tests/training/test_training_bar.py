"""What a training says: the numbers on its bar, alarms once, and how long it takes."""

import io
import sys

import pytest

from soundalike.runtime.limits import limits
from soundalike.training.monitor import Monitor
from soundalike.training.training_bar import TrainingBar

STEPS = 400


@pytest.fixture
def said(capsys, monkeypatch):
    """From the settings of a bar to what it says of steps of two seconds."""
    monkeypatch.setitem(sys.modules, "torch", None)

    def said(n_done=0, n_steps=STEPS, **settings):
        now = 0.0
        bar = TrainingBar("pretrain", **settings)
        bar.start(n_done, n_steps)
        bar.forecast.clock = lambda: now
        bar.forecast.begin_s = 0.0
        with limits(2), bar:
            for step in range(n_done, n_steps):
                now += 2.0
                bar.count_step(step + 1, n_steps)
        return capsys.readouterr().err

    return said


def test_steps_checks_and_what_follows_count(said):
    assert said() == "pretrain: about 13 min on this machine (2 cores)\n"
    assert said(check_share=0.5) == "pretrain: about 20 min on this machine (2 cores)\n"
    assert said(closing_steps=200) == "pretrain: about 20 min on this machine (2 cores)\n"


def test_of_a_resumed_training_the_rest_counts(said):
    assert said(n_done=STEPS - 60) == "pretrain: about 2 min on this machine (2 cores)\n"
    assert said(n_done=STEPS) == ""


def test_the_whole_work_is_named(said):
    line = said(whole="11 trainings", closing_steps=10 * STEPS)
    assert line == "11 trainings: about 2.4 h on this machine (2 cores)\n"


def test_nothing_is_said_if_it_is_not_shown(said):
    assert said(is_shown=False) == ""


def test_the_number_of_steps_may_change(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    bar = TrainingBar("pretrain")
    bar.start(0, 100)
    with bar:
        bar.count_step(1, 80)
        assert (bar.bar.n, bar.bar.total) == (1, 80)


def test_alarms_are_printed_once_and_numbers_shown(capsys):
    monitor = Monitor(
        ["score"],
        lambda: {"score": 0.51},
        bar_columns={"knn": "score"},
        alarms=lambda checks: {"collapse": "all alike"},
    )
    bar = TrainingBar("pretrain")
    bar.start(0, 9)
    with bar:
        for epoch in (1, 2):
            bar.show_check(monitor, [{"step": 1, "epoch": epoch, "score": 0.51}])
        bar.show_loss(2.5)
        bar.show_loss(None)
        assert bar.bar.postfix == "knn=0.51, loss=2.500"
    assert capsys.readouterr().err == "epoch 1: collapse: all alike\n"
