"""Many processes: in order, in bounded memory, and gone when they should be."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from soundalike.runtime.workers import WorkerError, map_in_processes, n_processors


def slow_at_first(number):
    """Take longest for the first numbers, so that later ones are done before them."""
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
    """Be killed at one of the numbers, as the system does when memory is short."""
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("n_workers", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(n_workers):
    assert list(map_in_processes(slow_at_first, range(12), n_workers)) == [
        10 * number for number in range(12)
    ]


def test_results_are_the_same_to_the_last_bit():
    here, there = (list(map_in_processes(product, range(8), n)) for n in (1, 2))
    assert here == there


@pytest.mark.parametrize("n_workers", [1, 2])
def test_no_items_no_results(n_workers):
    assert list(map_in_processes(slow_at_first, [], n_workers)) == []


def test_one_works_here_and_several_do_not():
    assert set(map_in_processes(process_of, range(3), 1)) == {os.getpid()}
    assert os.getpid() not in set(map_in_processes(process_of, range(3), 2))


def test_items_are_taken_only_a_little_ahead():
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
def test_an_error_comes_as_it_is_after_the_results_before_it(n_workers):
    results = map_in_processes(refuse_seven, range(100), n_workers)
    assert [next(results) for _ in range(7)] == list(range(7))
    with pytest.raises(OSError, match="No space left") as error:
        next(results)
    assert (error.value.errno, error.value.filename) == (28, "seven")


def test_a_killed_worker_is_said_in_one_plain_line():
    with pytest.raises(WorkerError, match=r"killed by the system.*fewer --workers") as error:
        list(map_in_processes(die_at_seven, range(100), 2))
    assert "\n" not in str(error.value)
    assert error.value.__suppress_context__


def test_there_is_a_processor():
    assert 1 <= n_processors() <= os.cpu_count()


CHILD = """
import os, time
from soundalike.runtime.workers import map_in_processes

def work(number):
    os.write(1, (str(os.getpid()) + chr(10)).encode())  # in one piece
    time.sleep(60)

list(map_in_processes(work, range(8), 2))
"""


def test_workers_end_when_their_parent_is_killed():
    with subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE) as parent:
        workers = [int(parent.stdout.readline()) for _ in range(2)]
        assert all(map(is_running, workers))
        parent.kill()
        parent.wait()
        for _ in range(100):
            if not any(map(is_running, workers)):
                break
            time.sleep(0.1)
        assert not any(map(is_running, workers))


def is_running(process: int) -> bool:
    """Tell whether a process is there and no zombie."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_stop_ends_the_workers_and_the_parent():
    with subprocess.Popen(
        [sys.executable, "-c", CHILD.replace("60", "0.5")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as parent:
        workers = [int(parent.stdout.readline()) for _ in range(2)]
        os.killpg(parent.pid, signal.SIGINT)  # as a terminal does: to all of them
        _, errors = parent.communicate(timeout=20)
        assert b"KeyboardInterrupt" in errors
        assert errors.count(b"Traceback") == 1, "the workers are silent"
        assert not any(map(is_running, workers))


EARLY = """
from soundalike.runtime.workers import map_in_processes

def work(number):
    return number

print(flush=True)
for _ in range(1000):
    list(map_in_processes(work, range(8), 2))
"""


@pytest.mark.parametrize("after_s", [0, 0.004, 0.008])
def test_a_stop_while_processes_start_is_not_lost(after_s):
    with subprocess.Popen(
        [sys.executable, "-c", EARLY],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as parent:
        parent.stdout.readline()
        time.sleep(after_s)
        os.killpg(parent.pid, signal.SIGINT)
        _, errors = parent.communicate(timeout=20)
    assert parent.returncode == -signal.SIGINT
    assert errors.count(b"Traceback") == 1
