"""Nouns agree with their numbers."""

import ast
import re
from pathlib import Path

import pytest

import soundalike
from soundalike.runtime.counts import counted, format_duration

ROOT = Path(soundalike.__file__).parent
# After a number in a message: " clips", " test clips".
PLURAL = re.compile(
    r"^ (?:(?:training|validation|test|labeled) )?(?:channel|class|clip|epoch|file|fold|label|line"
    r"|pair|problem|recording|row|sound|step|table|thread|window)e?s\b"
)


@pytest.mark.parametrize(
    ("n", "noun", "words"),
    [
        (0, "clip", "0 clips"),
        (1, "clip", "1 clip"),
        (2, "test clip", "2 test clips"),
        (1000, "class", "1,000 classes"),
        (3, "patch", "3 patches"),
        (2, "query", "2 queries"),
        (2, "key", "2 keys"),
        (1, "class", "1 class"),
    ],
)
def test_the_noun_agrees(n, noun, words):
    assert counted(n, noun) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.004, "0 s"),
        (0.25, "0.25 s"),
        (4.0, "4 s"),
        (4.96, "5 s"),
        (9.96, "10 s"),
        (99, "99 s"),
        (100, "2 min"),
        (5940, "99 min"),
        (7200, "2.0 h"),
        (7.2e6, "2,000.0 h"),
    ],
)
def test_durations_are_formatted_in_their_unit(seconds, words):
    assert format_duration(seconds) == words


def plurals_after_numbers(path: Path) -> list[str]:
    """Return the places where an f-string has a formatted value before a plural."""
    places = []
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.JoinedStr):
            continue
        for value, after in zip(node.values, node.values[1:], strict=False):
            if (
                isinstance(value, ast.FormattedValue)
                and not ast.unparse(value.value).isupper()  # a limit
                and ":g" not in ast.unparse(value)  # a measure, such as 0.5 epochs
                and isinstance(after, ast.Constant)
                and PLURAL.match(after.value)
            ):
                places.append(f"{path.name}, line {node.lineno}: {after.value}")
    return places


def test_every_count_in_a_message_is_counted():
    """And not written with a plural that is wrong for one."""
    paths = sorted(ROOT.rglob("*.py"))
    assert [place for path in paths for place in plurals_after_numbers(path)] == []
