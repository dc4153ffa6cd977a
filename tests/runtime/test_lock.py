"""Only one run at a time can use a folder."""

import errno
import fcntl
import time

import pytest

from soundalike.runtime import lock
from soundalike.runtime.lock import InUseError, locked

LOCKED = """
import sys
from pathlib import Path
from soundalike.runtime.lock import locked

with locked(Path(sys.argv[1])):
    hold()
"""


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE_S", 0.0)


@pytest.mark.usefixtures("impatient")
def test_a_second_run_is_refused_until_the_first_ends(tmp_path):
    (tmp_path / "run").mkdir()
    with locked(tmp_path), locked(tmp_path / "run"):
        for folder in (tmp_path, tmp_path / "run"):
            with pytest.raises(InUseError, match="another run is at work"), locked(folder):
                pass
    with locked(tmp_path):
        assert [path.name for path in tmp_path.rglob("*")] == ["run"], "nothing is left behind"


@pytest.mark.usefixtures("impatient")
def test_an_error_releases_the_lock(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path):
        raise ZeroDivisionError
    with locked(tmp_path):
        pass


def test_a_killed_run_releases_the_lock(start_held, tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE_S", 0.2)
    program = start_held(LOCKED, tmp_path)
    with program.held():
        began = time.monotonic()
        with pytest.raises(InUseError), locked(tmp_path):
            pass
        assert time.monotonic() - began >= lock.PATIENCE_S
        program.kill()
    with locked(tmp_path):
        pass


def test_a_disk_without_locks_refuses_no_run(tmp_path, monkeypatch):
    def cannot(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", cannot)
    with locked(tmp_path), locked(tmp_path):
        pass
