"""Ways to run a command in a test."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

import soundalike
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
    """Run a command in this process; return its exit code, even if the parser exits."""

    def call_main(*words):
        try:
            return main([str(word) for word in words])
        except SystemExit as exit:
            return exit.code

    return call_main


@pytest.fixture
def refusal(call, capsys):
    """Run a command that must be refused as wrong use; return its message."""

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


@pytest.fixture(scope="session")
def interrupt():
    """Interrupt a `HeldProgram` where it is held; return its output, without tracebacks."""

    def press(program):
        with program.held():
            program.signal(signal.SIGINT)
        out, errors = program.output()
        assert program.process.returncode == FAILED
        for noise in ("Traceback", "Error", "Exception", "leaked"):
            assert noise not in out + errors
        return out, errors

    return press


@pytest.fixture(scope="session")
def functions_called():
    """Return a function that does some work and lists the functions of soundalike that it calls.

    Each is ``room/module.py:function``, listed once, in the order of the first calls. Nested
    functions and properties count; dunder methods, lambdas and comprehensions do not.
    """
    house = f"{Path(soundalike.__file__).parent}{os.sep}"

    def calls_of(work, start):
        calls = []

        def profile(frame, event, argument):
            code = frame.f_code
            if event == "call" and code.co_filename.startswith(house):
                function = f"{code.co_filename.removeprefix(house)}:{code.co_qualname}"
                if (calls or function == start) and not code.co_name.startswith(("__", "<")):
                    calls.append(function)

        sys.setprofile(profile)
        try:
            work()
        finally:
            sys.setprofile(None)
        return list(dict.fromkeys(calls))

    return calls_of
