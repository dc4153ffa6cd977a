"""Errors of the command line are one line, with a hint."""

import pytest

from soundalike.cli import WRONG_USE


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["scann", "x"], "'scann' is no command; did you mean 'scan'?"),
        (["sing"], "'sing' is no command; choose from demo, "),
        (["scan", "x", "--duplcates", "y"], "--duplcates y; did you mean '--duplicates'?"),
        (["scan", "x", "--duplcates=y"], "did you mean '--duplicates'?"),
        (["pretrain", "x", "--out", "y", "--minute", "3"], "did you mean '--minutes'?"),
        (["scan", "x", "--wo"], "unrecognized arguments: --wo"),
        (["scan", "--duplicates", "x/"], "SOURCE; --duplicates took x/: write SOURCE before"),
        (["scan", "--duplicates"], "are required: SOURCE ("),
        (["scan", "s/1.ogg", "s/2.ogg", "s/3.ogg"], "quote 's/*.ogg'"),
        (["scan", "a", "b"], "several sources, such as b: name a folder"),
    ],
)
def test_a_wrong_word_gets_one_line_with_a_hint(words, message, call, capsys):
    assert call(*words) == WRONG_USE
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert "--help shows the " in line
