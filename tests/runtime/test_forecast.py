"""How long something takes is estimated from its first parts; the clock is the test's own."""

import io
import sys
from types import SimpleNamespace

import pytest

from soundalike.runtime.forecast import Forecast, on_this_machine
from soundalike.runtime.limits import limits
from soundalike.runtime.progress import progress_bar


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with limits(2):
        yield


@pytest.fixture
def said(clock):
    """From the durations of parts and their number in all to what is said, and after which."""

    def said(durations_s, n_parts, **settings):
        file = io.StringIO()
        with progress_bar(name="x", unit="steps", total=n_parts, file=file, **settings) as bar:
            estimate = Forecast(bar, "pretrain", clock)
            for n_done, duration_s in enumerate(durations_s, 1):
                clock.now += duration_s
                estimate.add(1, left=n_parts - n_done)
                if file.getvalue():
                    return n_done, file.getvalue()
        return None

    return said


def test_ten_parts_are_measured_after_a_slow_first_one(said):
    n_done, line = said([9.0] + [0.5] * 50, 1423)
    assert (n_done, line) == (11, "pretrain: about 12 min on this machine (2 cores)\n")


def test_of_long_parts_three_are_enough(said):
    n_done, line = said([60.0] * 5, 60)
    assert (n_done, line) == (4, "pretrain: about 60 min on this machine (2 cores)\n")


def test_short_parts_are_measured_for_a_second(said):
    n_done, line = said([0.01] * 500, 5000)
    assert n_done == 101
    assert line.startswith("pretrain: about 50 s on")


@pytest.mark.parametrize("n_parts", [12, 20, 105], ids=["at the end", "nearly", "10 s"])
def test_of_what_is_soon_done_nothing_is_said(said, n_parts):
    assert said([0.1] * n_parts, n_parts) is None


def test_it_is_said_once_and_not_if_the_bar_is_hidden(said, clock):
    assert said([2.0] * 50, 351, is_shown=False) is None
    file = io.StringIO()
    with progress_bar(name="x", unit="steps", total=99, file=file) as bar:
        estimate = Forecast(bar, "pretrain", clock)
        for n_done in range(99):
            clock.now += 2
            estimate.add(1, left=98 - n_done)
    assert file.getvalue().count("about") == 1


def test_amounts_count_and_not_parts(clock):
    """Parts of very different sizes, as the clips of an archive."""
    file = io.StringIO()
    sizes = [1, 1, 20] * 10
    with progress_bar(name="x", unit="steps", total=30, file=file) as bar:
        estimate, left = Forecast(bar, "embed", clock), 300.0
        for size in sizes:
            left -= size
            clock.now += 3 * size
            estimate.add(size, left)
    assert file.getvalue() == "embed: about 15 min on this machine (2 cores)\n"


def test_it_waits_until_something_is_complete(said, clock):
    assert said([0.0] * 50, 100) is None
    file = io.StringIO()
    with progress_bar(name="x", unit="clips", total=9, file=file) as bar:
        estimate = Forecast(bar, "embed", clock)
        for n_done in [0] * 40 + [1]:  # batches of a long recording
            clock.now += 1
            estimate.add(n_done, left=9 - n_done)
    assert file.getvalue() == "embed: about 6 min on this machine (2 cores)\n"


def test_a_gpu_is_named(monkeypatch):
    cuda = SimpleNamespace(is_available=lambda: True, get_device_name=lambda: "NVIDIA H200")
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    assert on_this_machine(720) == "about 12 min on this machine (NVIDIA H200)"
    with limits(1, "cpu"):
        assert on_this_machine(7200) == "about 2.0 h on this machine (1 core)"
