"""Something is said every 30 seconds; the clock is the test's own."""

import ast
import io
import time
from pathlib import Path

import pytest

import soundalike
from soundalike.runtime import heartbeat as module
from soundalike.runtime.heartbeat import heartbeat, working_on


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_innermost_work_writes_a_line_once_30_seconds_were_silent(lines, clock):
    file = io.StringIO()

    def at(seconds):
        clock.now = seconds
        lines.beat()
        written = file.getvalue()
        file.seek(0)
        file.truncate()
        return written

    with working_on("evaluate", file=file):
        assert at(24) == ""
        assert at(26) == "evaluate: 26 s so far\n"
        assert at(50) == "", "a line was written 24 s ago"
        with working_on("write the page", file=file):
            assert at(51) == "write the page: 1 s so far\n"
            assert at(180) == "write the page: 2 min so far\n"
        assert at(210) == "evaluate: 4 min so far\n"
    assert at(999) == ""


def test_a_server_that_waits_for_its_user_is_no_work(lines, clock):
    file = io.StringIO()
    with working_on("explore", file=file):
        with lines.at_rest():
            clock.now = 99
            lines.beat()
        assert file.getvalue() == ""
        clock.now = 199
        lines.beat()
    assert file.getvalue() == "explore: 3 min so far\n"


def test_any_30_seconds_of_a_command_have_a_line(lines, monkeypatch):
    """A thread writes while the command does something that has no bar; it ends with it."""
    monkeypatch.setattr(module, "SECONDS_PER_LINE", 0.02)
    monkeypatch.setattr(lines, "clock", time.monotonic)
    file = io.StringIO()
    with heartbeat("evaluate", file):
        deadline = time.monotonic() + 20
        while file.getvalue().count("\n") < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
    written = file.getvalue()
    assert written.count("evaluate: 0 s so far\n") >= 3
    time.sleep(0.05)
    assert file.getvalue() == written


def test_a_file_that_cannot_be_written_ends_nothing(lines, monkeypatch):
    monkeypatch.setattr(module, "SECONDS_PER_LINE", 0)
    file = io.StringIO()
    file.close()
    file.isatty = lambda: False
    with heartbeat("evaluate", file):
        time.sleep(0.05)


def test_on_a_terminal_bars_are_enough(lines):
    file = Terminal()
    with heartbeat("evaluate", file):
        assert lines.works == []
    assert file.getvalue() == ""


def test_on_a_terminal_work_without_a_bar_has_a_line_that_is_erased():
    file = Terminal()
    with working_on("write the page", file=file):
        assert file.getvalue() == "write the page ..."
    assert file.getvalue() == "write the page ...\r\x1b[K"


@pytest.mark.parametrize("file", [io.StringIO(), Terminal()], ids=["log", "terminal"])
def test_nothing_is_said_where_nothing_is_shown(file, lines, clock):
    with working_on("write the page", is_shown=False, file=file):
        clock.now = 99
        lines.beat()
    assert file.getvalue() == ""


def test_every_command_has_a_heartbeat():
    """The one place where commands are run has it around them."""
    source = (Path(soundalike.__file__).parent / "cli" / "main.py").read_text()
    contexts = {
        ast.unparse(item.context_expr): ast.unparse(node.body)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.With)
        for item in node.items
    }
    assert "command.run" in contexts["heartbeat(words[0])"]
