"""Ways to run a command in a test."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from soundalike.cli import DONE, FAILED, WRONG_USE
from soundalike.cli.main import main


@pytest.fixture(scope="session")
def tiny_options():
    """Options that make pre-training take seconds."""
    return [
        "--recipe", "tiny", "--encoder.width", "4", "--head.hidden_dim=16", "--head.out_dim", "16",
        "--training.batch_size", "10", "--training.precision=32-true",
    ]  # fmt: skip


@pytest.fixture(scope="session")
def call():
    """Run a command here; return its exit code, also where the parser exits by itself."""

    def call_main(*words):
        try:
            return main([str(word) for word in words])
        except SystemExit as exit:
            return exit.code

    return call_main


@pytest.fixture
def refusal(call, capsys):
    """Run a command that is used wrongly; return the one line that says so."""

    def refuse(*words):
        capsys.readouterr()
        assert call(*words) == WRONG_USE
        captured = capsys.readouterr()
        assert captured.out == ""
        line = captured.err.splitlines()[-1]
        assert line.startswith("soundalike")
        return line

    return refuse


@pytest.fixture
def results_of(tmp_path, capsys):
    """Run a command to its end; return what it writes with --json and the last line it prints."""
    file = tmp_path / "deep" / "results.json"

    def run(*words):
        assert main([str(word) for word in (*words, "--json", file)]) == DONE
        assert [path.name for path in file.parent.iterdir()] == ["results.json"]
        return json.loads(file.read_text()), capsys.readouterr().out.splitlines()[-1]

    return run


class Process:
    """A command in a process group of its own, as a terminal starts it."""

    def __init__(self, *words):
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "soundalike", *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def wait_until(self, condition):
        """Wait until the condition holds while the process runs."""
        while not condition():
            assert self.popen.poll() is None, self.popen.communicate()
            time.sleep(0.01)

    def interrupt(self):
        """Press Ctrl-C; return the output, after checking that there is no noise in it."""
        os.killpg(self.popen.pid, signal.SIGINT)
        out, errors = self.popen.communicate(timeout=30)
        assert self.popen.returncode == FAILED
        for noise in ("Traceback", "Error", "Exception", "leaked"):
            assert noise not in out + errors
        return out, errors


@pytest.fixture
def start():
    """Start a command as a `Process`, which is killed at the end of the test."""
    with contextlib.ExitStack() as stack:

        def start_process(*words):
            process = Process(*words)
            stack.callback(process.popen.communicate)
            stack.callback(_kill, process.popen.pid)
            return process

        yield start_process


def _kill(group):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
