"""The arguments of search."""

import argparse

import pytest

from soundalike.cli.search_options import add_arguments


def parse(*words):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(words)


def test_queries_are_optional_and_some_options_may_be_repeated():
    arguments = parse("a", "--duplicates")
    assert (arguments.archive, arguments.query, arguments.k) == ("a", [], None)
    arguments = parse("a", "x.wav", "7", "--not", "8", "--not", "y.wav", "-k", "3")
    assert (arguments.query, arguments.unlike, arguments.k) == (["x.wav", "7"], ["8", "y.wav"], 3)
    assert parse("a", "0", "--label", "b", "--label", "c").label == ["b", "c"]


@pytest.mark.parametrize("words", ["-k 0", "--shortest_s 0", "--center maybe"])
def test_wrong_values_are_refused(words):
    with pytest.raises(SystemExit):
        parse("a", "0", *words.split())
