import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.paper.time_left import TimeLeft

KINDS = [(task, encoder) for task in ("linear", "clean") for encoder in ("vgg", "crnn")]


def test_without_measurements_the_time_is_unknown():
    assert math.isnan(TimeLeft().of([KINDS[0]]))
    assert TimeLeft().of([]) == 0


def test_work_of_a_known_kind_takes_its_mean_time():
    times = TimeLeft()
    for seconds in (10, 20):
        times.add(KINDS[0], seconds)
    times.add(KINDS[3], 1000)
    assert times.of([KINDS[0]] * 4) == pytest.approx(60)


def test_work_of_a_new_kind_takes_as_long_as_the_most_similar():
    times = TimeLeft()
    times.add(("linear", "scratch", "vgg"), 10)
    times.add(("linear", "scratch", "crnn"), 30)
    times.add(("clean", "pretrained", "crnn"), 500)
    assert times.of([("linear", "scratch", "resnet18")]) == pytest.approx(20)


def test_the_first_property_matters_most():
    """A pre-training takes most of the time, whatever is like it otherwise."""
    times = TimeLeft()
    times.add(("", "linear", "vgg", "paper"), 10)
    times.add(("pre-trains", "linear", "resnet18", "paper"), 500)
    assert times.of([("pre-trains", "linear", "vgg", "paper")]) == 500
    assert times.of([("", "clean", "resnet18", "paper")]) == 10


@given(st.floats(0.1, 1e6), st.integers(1, 9))
def test_equal_work_takes_time_times_number(seconds, n_pieces):
    times = TimeLeft()
    times.add(KINDS[0], seconds)
    assert times.of(KINDS[:1] * n_pieces) == pytest.approx(seconds * n_pieces)
