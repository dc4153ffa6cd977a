"""Worker processes: order, bounded memory, and how they end."""

import os
import signal
import time

import numpy as np
import pytest

from soundalike.runtime.workers import WorkerError, map_in_processes


def slow_at_first(number):
    """Take longest for the first numbers, so that later ones finish earlier."""
    time.sleep(max(0, 3 - number) * 0.05)
    return number * 10


def process_of(number):
    """Return the process that works on a number."""
    return os.getpid()


def product(seed):
    """Multiply matrices, which threads share out among themselves."""
    a, b = np.random.default_rng(seed).standard_normal((2, 300, 300), dtype=np.float32)
    return (a[:64] @ b).tobytes()


def refuse_seven(number):
    """Fail at one of the numbers."""
    if number == 7:
        raise OSError(28, "No space left on device", "seven")
    return number


def die_at_seven(number):
    """Get killed at one of the numbers, as when memory runs out."""
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("n_workers", [1, 2, 3])
def test_results_are_in_the_order_of_the_items(n_workers):
    assert list(map_in_processes(slow_at_first, range(12), n_workers)) == [
        10 * number for number in range(12)
    ]


def test_results_are_bitwise_equal_for_any_number_of_workers():
    here, there = (list(map_in_processes(product, range(8), n)) for n in (1, 2))
    assert here == there


@pytest.mark.parametrize("n_workers", [1, 2])
def test_no_items_give_no_results(n_workers):
    assert list(map_in_processes(slow_at_first, [], n_workers)) == []


def test_one_worker_runs_in_this_process():
    assert set(map_in_processes(process_of, range(3), 1)) == {os.getpid()}
    assert os.getpid() not in set(map_in_processes(process_of, range(3), 2))


def test_items_are_taken_only_slightly_ahead():
    taken = []

    def items():
        for number in range(1000):
            taken.append(number)
            yield number

    results = map_in_processes(process_of, items(), 2)
    next(results)
    assert len(taken) <= 8
    results.close()


@pytest.mark.parametrize("n_workers", [1, 2])
def test_an_error_is_raised_after_the_results_before_it(n_workers):
    results = map_in_processes(refuse_seven, range(100), n_workers)
    assert [next(results) for _ in range(7)] == list(range(7))
    with pytest.raises(OSError, match="No space left") as error:
        next(results)
    assert (error.value.errno, error.value.filename) == (28, "seven")


def test_a_killed_worker_is_reported_in_one_line():
    with pytest.raises(WorkerError, match=r"killed a worker process.*fewer --workers") as error:
        list(map_in_processes(die_at_seven, range(100), 2))
    assert "\n" not in str(error.value)
    assert error.value.__suppress_context__


TWO_AT_WORK = """
import os
from soundalike.runtime.workers import map_in_processes

def work(number):
    os.write(1, (str(os.getpid()) + chr(10)).encode())  # in one piece
    hold()

if __name__ == "__main__":
    list(map_in_processes(work, range(1000), 2))
"""


def test_workers_end_when_their_parent_is_killed(start_held):
    program = start_held(TWO_AT_WORK)
    workers = [int(program.process.stdout.readline()) for _ in range(2)]
    assert all(map(is_running, workers))
    program.kill()
    while any(map(is_running, workers)):  # one that stays is held for ever
        time.sleep(0.01)


def is_running(process: int) -> bool:
    """Return whether a process exists and is not a zombie."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_signal_ends_the_workers_and_the_parent(start_held):
    program = start_held(TWO_AT_WORK)
    workers = [int(program.process.stdout.readline()) for _ in range(2)]
    with program.held():
        program.signal(signal.SIGINT)
    _, errors = program.output()
    assert "KeyboardInterrupt" in errors
    assert errors.count("Traceback") == 1, "the workers are silent"
    assert not any(map(is_running, workers))


STARTING = """
import multiprocessing, sys
from soundalike.runtime.workers import map_in_processes

def work(number):
    return number

start, n_started = multiprocessing.Process.start, 0

def held_start(self):
    global n_started
    n_started += 1
    if sys.argv[1:] == ["before", str(n_started)]:
        hold()
    start(self)
    if sys.argv[1:] == ["after", str(n_started)]:
        hold()

multiprocessing.process.BaseProcess.start = held_start
if __name__ == "__main__":
    list(map_in_processes(work, range(8), 2))
"""


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_signal_while_processes_start_is_not_lost(start_held, place, number):
    program = start_held(STARTING, place, number)
    with program.held():
        program.signal(signal.SIGINT)
    _, errors = program.output()
    assert program.process.returncode == -signal.SIGINT
    assert errors.count("Traceback") == 1
