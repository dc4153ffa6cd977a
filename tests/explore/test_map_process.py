"""The process that computes the map of an archive."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from archives import add_clips

from soundalike.archive.head import Head
from soundalike.explore.map_process import MapProcess, run
from soundalike.explore.stored_map import FILE, read_points
from soundalike.search.archive import Archive

SERVER = """
import sys, time
from pathlib import Path
from soundalike.explore.map_process import MapProcess

process = MapProcess(Path(sys.argv[1]))
print(process._process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def archive(tmp_path):
    archive = Archive.create(tmp_path / "archive", Head(8, "model"))
    add_clips(archive, ["a.wav", "b.wav"])
    return archive


def exists(pid):
    """Return whether a process runs; one that has ended may wait for its parent to notice."""
    with contextlib.suppress(OSError):
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"
    return False


def wait_until_gone(pid):
    deadline = time.monotonic() + 60
    while exists(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not exists(pid)


def test_the_process_stores_the_map(archive):
    process = MapProcess(archive.path)
    assert process.problem() == ""
    assert not process.is_running()
    assert read_points(archive, archive.rows()).shape == (4, 2)
    process.stop()


def test_a_process_that_runs_can_be_stopped(archive):
    process = MapProcess(archive.path)
    assert process.is_running()
    process.stop()
    assert not exists(process._process.pid)
    assert not (archive.path / FILE).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_process_ends_when_the_server_is_killed(archive):
    words = [sys.executable, "-c", SERVER, str(archive.path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        pid = int(server.stdout.readline())
        os.kill(pid, signal.SIGSTOP)  # it must not end by itself
        assert exists(pid)
        server.kill()
    os.kill(pid, signal.SIGCONT)
    assert wait_until_gone(pid)
    assert not (archive.path / FILE).exists()


def test_a_problem_is_said_in_a_line(archive, tmp_path, capsys):
    assert run(str(tmp_path)) == 1
    assert capsys.readouterr().err.startswith(f"{tmp_path}: no archive there: ")
    (archive.path / FILE).mkdir()
    assert run(str(archive.path)) == 1
    assert capsys.readouterr().err == f"{archive.path / FILE}: Is a directory\n"


def test_an_archive_that_cannot_be_written_is_refused_at_once(archive, monkeypatch, capsys):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert run(str(archive.path)) == 1
    problem = f"{archive.path}: cannot be written, so the map cannot be stored\n"
    assert capsys.readouterr().err == problem


def test_the_last_line_of_a_process_that_fails_is_its_problem(tmp_path):
    process = MapProcess(tmp_path / "no\narchive")
    assert process.problem().startswith(f"{tmp_path / 'no archive'}: cannot be written")
    process.stop()


def test_a_process_that_the_system_kills_is_a_problem(archive):
    process = MapProcess(archive.path)
    process._process.kill()
    assert process.problem() == "its process was ended by signal 9; memory may be short"
    process.stop()


def test_the_process_gives_way():
    """Among the processes of its session and, on Linux, among the sessions."""
    code = (
        "import os, pathlib\n"
        "from soundalike.explore.map_process import give_way\n"
        "give_way()\n"
        "group = pathlib.Path('/proc/self/autogroup')\n"
        "print(os.nice(0), group.read_text().split()[-1] if group.exists() else 10)"
    )
    command = [sys.executable, "-c", code]
    child = subprocess.run(command, capture_output=True, text=True, start_new_session=True)
    assert child.stdout.split() == ["10", "10"], child.stderr
