"""Arguments that several commands share."""

import argparse

import pytest

from soundalike.cli import UsageError, options


def parse(add, *words):
    """Parse words with some of the shared arguments."""
    parser = argparse.ArgumentParser()
    add(parser)
    return vars(parser.parse_intermixed_args(words))


def test_model_is_optional_and_options_may_be_anywhere():
    def add(parser):
        options.add_model_and_source(parser)
        options.add_strict(parser)

    default = {"model": "default", "source": "x", "label_depth": None, "strict": False}
    assert parse(add, "x") == default
    assert parse(add, "m", "--strict", "x") == default | {"model": "m", "strict": True}


def test_the_number_of_workers_and_the_precision_have_defaults():
    assert parse(options.add_workers) == {"workers": None}
    assert parse(options.add_workers, "--workers", "3") == {"workers": 3}
    assert parse(options.add_precision) == {"precision": "auto"}


def test_options_that_would_be_ignored_are_refused():
    names = {"k": "-k", "root": "--root", "label": "--label", "exact": "--exact"}
    unset = {"k": None, "root": "", "label": [], "exact": False}
    options.refuse_unused(argparse.Namespace(**unset), names, "is for others")
    for name, value in {"k": 3, "root": "x", "label": ["a"], "exact": True}.items():
        arguments = argparse.Namespace(**unset | {name: value})
        with pytest.raises(UsageError, match=rf"^{names[name]} is for others: leave it out\.$"):
            options.refuse_unused(arguments, names, "is for others")
