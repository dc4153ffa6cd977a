"""Ways to run a command in a test."""

import json
import signal

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
