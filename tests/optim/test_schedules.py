"""Learning-rate schedules against the papers."""

import math
from pkgutil import resolve_name

import pytest

from soundalike.optim import SCHEDULES
from soundalike.optim.schedules import CosineSchedule, StepSchedule, warmup_note


def test_the_paper_s_schedule():
    schedule = StepSchedule(milestones=[325, 425])
    rates = [0.03 * schedule(epoch, 500) for epoch in (0, 324.99, 325, 424.99, 425, 499)]
    assert rates == pytest.approx([0.03, 0.03, 0.003, 0.003, 0.0003, 0.0003])


def test_cosine_warms_up_then_decays_to_zero():
    schedule = CosineSchedule(n_warmup_epochs=2)
    factors = [schedule(epoch / 10, 10) for epoch in range(101)]
    assert factors[0] == 0
    assert factors[20] == 1
    assert factors[100] == pytest.approx(0)
    assert factors[:21] == sorted(factors[:21])
    assert factors[20:] == sorted(factors[20:], reverse=True)
    assert schedule(6, 10) == pytest.approx(0.5)


@pytest.mark.parametrize("n_warmup_epochs", [0.3, 1, 10])
@pytest.mark.parametrize("n_epochs", [1, 2, 5])
def test_a_warm_up_ends_within_the_training(n_warmup_epochs, n_epochs):
    schedule = CosineSchedule(n_warmup_epochs)
    factors = [schedule(n_epochs * share / 20, n_epochs) for share in range(21)]
    assert max(factors[:11]) > 0.8
    assert sum(factors) > 7, "most of a training is at a high learning rate"
    note = warmup_note(schedule, n_epochs)
    assert bool(note) == (n_warmup_epochs > n_epochs / 2)
    if note:
        assert f"from {n_warmup_epochs:g} to {n_epochs / 2:g} epochs" in note


def test_only_a_warm_up_can_be_shortened():
    assert warmup_note(StepSchedule([1]), 1) == ""
    assert warmup_note(CosineSchedule(), 1) == ""


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_factor_is_between_zero_and_one(name):
    arguments = {"step": {"milestones": [3, 6]}, "cosine": {"n_warmup_epochs": 1}}
    schedule = resolve_name(SCHEDULES[name])(**arguments.get(name, {}))
    assert all(0 <= schedule(epoch / 4, 10) <= 1 for epoch in range(41))


@pytest.mark.parametrize("factor", [-0.1, 1.1, 1e30, math.nan, math.inf])
def test_a_factor_outside_zero_to_one_is_refused(factor):
    with pytest.raises(ValueError, match="a factor from 0 to 1"):
        StepSchedule([1], factor)


@pytest.mark.parametrize("n_epochs", [-1, math.nan, math.inf])
def test_a_warm_up_is_a_finite_number_of_epochs(n_epochs):
    with pytest.raises(ValueError, match="n_warmup_epochs of at least 0"):
        CosineSchedule(n_epochs)
