"""Alarms on the histories of healthy and of failed training runs."""

import math

import pytest

from soundalike.evaluation.diagnosis import alarms, diagnosis_summary, stopping_point
from soundalike.evaluation.representation_measures import MEASURES


def history_of(*measures, steps_per_epoch=10):
    """Checks from rows of (epoch, effective rank, positives, negatives, top-1 retrieval)."""
    names = ("epoch", "effective_rank", "positives", "negatives", "top1_retrieval")
    rows = [dict(zip(names, row, strict=True)) for row in measures]
    return [row | {"step": steps_per_epoch * row["epoch"]} for row in rows]


# Runs of the recipe tiny on 1,280 recorded sounds; measured on 512 clips, 128 dimensions.
HEALTHY = history_of(
    (1, 89, 0.92, 0.84, 0.05),
    (5, 63, 0.78, 0.15, 0.34),
    (10, 65, 0.79, 0.03, 0.49),
    (15, 64, 0.804, 0.020, 0.52),
    (20, 65, 0.810, 0.008, 0.56),
    (25, 65, 0.816, 0.002, 0.58),
    (30, 65, 0.817, 0.000, 0.58),
)
BYOL = history_of((5, 20, 0.75, 0.44, 0.03), (10, 28, 0.80, 0.38, 0.05), (15, 21, 0.80, 0.36, 0.07))
BARLOW_TWINS = history_of((5, 46, 0.79, 0.36, 0.04), (10, 50, 0.75, 0.27, 0.05))
LOSS_WITHOUT_REPULSION = history_of(
    (5, 9, 0.92, 0.87, 0.04), (10, 11, 0.94, 0.91, 0.04)
) + history_of((15, 11, 0.94, 0.92, 0.04))
LEARNING_RATE_NEAR_ZERO = history_of(
    (5, 104, 0.48, 0.39, 0.03), (10, 101, 0.44, 0.35, 0.03)
) + history_of((15, 101, 0.44, 0.35, 0.03))
VIEWS_ALMOST_SILENT = history_of((10, 73, 0.90, 0.89, 0.01), (15, 75, 0.90, 0.89, 0.00))
IDENTICAL_VIEWS = history_of((1, 101, 1.00, 0.64, 0.99), (5, 115, 1.00, 0.06, 0.99))
# The next two are invented.
FALLING_RANK = history_of((10, 60, 0.8, 0.1, 0.5), (20, 9, 0.9, 0.4, 0.2), (30, 7, 0.9, 0.4, 0.2))
DIFFERENT_VIEWS = history_of((10, 60, 0.35, 0.1, 0.2), (20, 60, 0.3, 0.0, 0.2))


@pytest.mark.parametrize(
    ("history", "kinds"),
    [
        (HEALTHY, []),
        (BYOL, []),
        (BARLOW_TWINS, []),
        (LOSS_WITHOUT_REPULSION, ["collapse"]),
        (LEARNING_RATE_NEAR_ZERO, ["nothing learned"]),
        (VIEWS_ALMOST_SILENT, ["nothing learned"]),
        (IDENTICAL_VIEWS, ["shortcut"]),
        (FALLING_RANK, ["dimensional collapse"]),
        (DIFFERENT_VIEWS, ["views too different"]),
    ],
)
def test_a_failed_run_raises_the_alarm_of_its_problem(history, kinds):
    messages = alarms(history, highest_rank=128)
    assert list(messages) == kinds
    for message in messages.values():
        assert "\n" not in message
        assert "; try " in message, "a message says what to do"


def test_a_rank_of_about_one_is_a_collapse():
    line = history_of((10, 1.5, 0.9, 0.2, 0.1), (20, 1.4, 0.9, 0.2, 0.1))
    assert list(alarms(line, highest_rank=128)) == ["collapse"]


@pytest.mark.parametrize("n_epochs", range(len(HEALTHY) + 1))
def test_a_healthy_run_never_raises_an_alarm(n_epochs):
    assert alarms(HEALTHY[:n_epochs], highest_rank=128) == {}


def test_an_alarm_needs_two_bad_checks_after_the_warm_up_and_ends_with_a_good_one():
    bad, good = LOSS_WITHOUT_REPULSION[-1], HEALTHY[-1]
    assert alarms(LOSS_WITHOUT_REPULSION[-1:], highest_rank=128) == {}
    assert alarms([good, bad], highest_rank=128) == {}
    assert alarms([bad, bad], highest_rank=128)
    assert alarms([bad, bad, good], highest_rank=128) == {}
    assert alarms([check | {"step": 49} for check in (bad, bad)], highest_rank=128) == {}


def test_the_summary_names_the_problems_once_there_are_enough_checks():
    assert diagnosis_summary(HEALTHY, highest_rank=128) == "no problems detected"
    assert diagnosis_summary(HEALTHY[:1], highest_rank=128) == "too early to tell"
    assert diagnosis_summary([], highest_rank=128) == "too early to tell"
    finished = diagnosis_summary(HEALTHY[:1], highest_rank=128, is_finished=True)
    assert finished == "too few checks to tell"
    assert diagnosis_summary(LOSS_WITHOUT_REPULSION, highest_rank=128) == "collapse"
    both = IDENTICAL_VIEWS + LOSS_WITHOUT_REPULSION[1:]
    assert diagnosis_summary(both, highest_rank=128) == "shortcut, collapse"


def test_nan_raises_no_alarm():
    history = [dict.fromkeys(MEASURES, math.nan) | {"step": 10 * e, "epoch": e} for e in (10, 20)]
    assert alarms(history, highest_rank=128) == {}
    assert stopping_point(history) is None


def test_the_stopping_point_is_the_check_after_which_nothing_improves():
    assert stopping_point(HEALTHY) == 20


@pytest.mark.parametrize(
    "history",
    [
        [],
        HEALTHY[:1],
        HEALTHY[:4],  # the gap is still growing
        history_of((1, 9, 0.2, 0.3, 0.1), (2, 9, 0.2, 0.4, 0.1)),
        LEARNING_RATE_NEAR_ZERO * 3,  # nothing was learned, early or late
    ],
)
def test_no_stopping_point_while_the_run_improves_or_if_it_never_learned(history):
    assert stopping_point(history) is None


def test_a_rising_rank_counts_as_an_improvement():
    rising = [check | {"effective_rank": 20 + check["epoch"]} for check in HEALTHY]
    assert stopping_point(rising) is None


def test_a_falling_rank_does_not():
    falling = [check | {"effective_rank": 90 - check["epoch"]} for check in HEALTHY]
    assert stopping_point(falling) == 20
