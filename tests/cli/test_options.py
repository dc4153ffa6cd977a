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


def test_folders_devices_and_sounds_are_no_files_to_write(tmp_path):
    (tmp_path / "kick.WAV").touch()
    refused = {tmp_path: "a folder: name a file", tmp_path / "kick.WAV": "would be overwritten"}
    for type_of in (options.file_to_write, options.file_or_device):
        for path, reason in refused.items():
            with pytest.raises(argparse.ArgumentTypeError, match=f"^'{path}' is .*{reason}"):
                type_of(str(path))
        for name in ("new.csv", "new.wav"):
            assert type_of(str(tmp_path / name)) == tmp_path / name
    with pytest.raises(argparse.ArgumentTypeError, match="'/dev/null' is a device or a pipe"):
        options.file_to_write("/dev/null")
    assert options.file_or_device("/dev/null").is_char_device()


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", ""])
def test_whole_numbers(text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected a whole number from 1"):
        options.at_least(1)(text)
    assert options.at_least(0)("0") == 0


def test_seeds():
    assert options.seed("2147483647") == 2**31 - 1
    for text in ("2147483648", "99999999999999999999"):
        with pytest.raises(argparse.ArgumentTypeError, match=f"^'{text}': expected at most 2147"):
            options.seed(text)
    with pytest.raises(argparse.ArgumentTypeError, match="expected a whole number from 0"):
        options.seed("-1")


@pytest.mark.parametrize("text", ["1.01", "-0.1", "much", "nan"])
def test_shares(text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected a number from 0 to 1"):
        options.share(text)
    assert options.share("0.25") == 0.25


def test_options_that_would_be_ignored_are_refused():
    names = {"k": "-k", "root": "--root", "label": "--label", "exact": "--exact"}
    unset = {"k": None, "root": "", "label": [], "exact": False}
    options.refuse_unused(argparse.Namespace(**unset), names, "is for others")
    for name, value in {"k": 3, "root": "x", "label": ["a"], "exact": True}.items():
        arguments = argparse.Namespace(**unset | {name: value})
        with pytest.raises(UsageError, match=rf"^{names[name]} is for others: leave it out\.$"):
            options.refuse_unused(arguments, names, "is for others")
