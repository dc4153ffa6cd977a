"""Plans and time budgets."""

import pytest

from soundalike.training.plan import Plan, TimeBudget


@pytest.mark.parametrize(("n_epochs", "steps_per_epoch"), [(60, 61), (500, 139), (7, 3)])
def test_epochs_of_a_whole_training_are_exact(n_epochs, steps_per_epoch):
    plan = Plan(0, n_epochs * steps_per_epoch)
    for step in range(plan.n_steps):
        assert plan.progress(step, of=n_epochs) == step / steps_per_epoch


def test_a_continued_training_begins_anew():
    plan = Plan(100, 150)
    assert [plan.progress(step) for step in (100, 125, 150)] == [0.0, 0.5, 1.0]


def test_the_first_steps_are_not_timed():
    budget = TimeBudget(100)
    times = [50, 70, 71, 72]
    assert [budget.n_more_steps(now, end_s=100) for now in times] == [None, None, 29, 28]


def test_no_time_is_left():
    budget = TimeBudget(10, closing_steps=3)
    assert [budget.n_more_steps(now, end_s=10) for now in (1, 2, 9, 11)] == [None, None, 0, 0]
