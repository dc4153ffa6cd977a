"""Only one run at a time can use a folder or make a file."""

import errno
import fcntl
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from soundalike.runtime import lock
from soundalike.runtime.lock import InUseError, locked, locked_file

LOCKED = """
import sys
from pathlib import Path
from soundalike.runtime.lock import locked, locked_file

path = Path(sys.argv[1])
with (locked if path.is_dir() else locked_file)(path):
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
    with locked_file(tmp_path / "a"), locked_file(tmp_path / "a"):
        pass


def names(folder):
    return [path.name for path in folder.iterdir()]


@pytest.mark.usefixtures("impatient")
def test_a_file_is_locked_whatever_is_made_beside_it(tmp_path):
    path, other = tmp_path / "a.csv", tmp_path / "b.csv"
    with locked_file(path), locked_file(other):
        for file in (path, other):
            with pytest.raises(InUseError) as error, locked_file(file):
                pass
            assert str(error.value) == (
                f"{file}: another run is writing it: wait until it ends, or name another file."
            )
        path.write_text("replaced")
        with pytest.raises(InUseError), locked_file(path):
            pass
    with pytest.raises(ZeroDivisionError), locked_file(path):
        raise ZeroDivisionError
    assert names(tmp_path) == ["a.csv"], "nothing is left behind"


@pytest.mark.usefixtures("impatient")
def test_a_killed_run_leaves_no_lock_on_a_file(start_held, tmp_path):
    path = tmp_path / "a.csv"
    program = start_held(LOCKED, path)
    with program.held():
        with pytest.raises(InUseError), locked_file(path):
            pass
        program.kill()
    assert names(tmp_path) == ["a.csv.lock"]
    with locked_file(path):
        pass
    assert not names(tmp_path)


def test_only_one_of_many_has_the_lock_of_a_file(tmp_path):
    """Each deletes the file that the others wait for."""
    path, holders, most = tmp_path / "a.csv", [], []

    def hold(number):
        with locked_file(path):
            holders.append(number)
            most.append(len(holders))
            time.sleep(0.01)
            holders.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hold, range(8)))
    assert most == [1] * 8
    assert not names(tmp_path)


def test_a_folder_that_cannot_be_written_is_an_error_that_names_the_file(tmp_path):
    path = tmp_path / "gone" / "a.csv"
    with pytest.raises(FileNotFoundError) as error, locked_file(path):
        pass
    assert error.value.filename == str(path)
