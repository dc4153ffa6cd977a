"""Events of TensorBoard, also on a disk that is full."""

import resource
import signal
import sys
import threading

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from soundalike.training.tensorboard_events import TensorBoardEvents


def scalars(folder):
    return [
        (event.step, event.value) for event in EventAccumulator(str(folder)).Reload().Scalars("x")
    ]


def test_a_resumed_run_shows_each_step_once(tmp_path):
    for first_step, value in ((1, 0.25), (3, 0.5)):
        events = TensorBoardEvents(tmp_path, first_step)
        for step in range(first_step, first_step + 3):
            events.add(step, {"x": value})
        events.flush()
        events.close()
    assert scalars(tmp_path) == [(1, 0.25), (2, 0.25), (3, 0.5), (4, 0.5), (5, 0.5)]


@pytest.fixture
def files_are_limited():
    """Return a function that limits the size of the files that this process writes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that it is an OSError
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of files")
@pytest.mark.parametrize("size", [0, 500])
def test_a_full_disk_ends_the_events_with_a_line(size, files_are_limited, tmp_path, capsys):
    files_are_limited(size)
    events = TensorBoardEvents(tmp_path, 1)
    for step in range(1, 100):
        events.add(step, {"x": 0.5})
        events.flush()
    events.close()
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{tmp_path}: no more events for TensorBoard (")
    assert "metrics.csv" in line


def test_errors_of_other_threads_are_reported(tmp_path, capsys):
    TensorBoardEvents(tmp_path, 1).close()
    thread = threading.Thread(target=open, args=(tmp_path / "nothing",))
    thread.start()
    thread.join()
    assert "FileNotFoundError" in capsys.readouterr().err
