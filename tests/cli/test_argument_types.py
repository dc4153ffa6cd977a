"""Types of arguments."""

import argparse

import pytest

from soundalike.cli import argument_types as types


def test_folders_devices_and_sounds_are_no_files_to_write(tmp_path):
    (tmp_path / "kick.WAV").touch()
    refused = {tmp_path: "a folder: name a file", tmp_path / "kick.WAV": "would be overwritten"}
    for type_of in (types.file_to_write, types.file_or_device):
        for path, reason in refused.items():
            with pytest.raises(argparse.ArgumentTypeError, match=f"^'{path}' is .*{reason}"):
                type_of(str(path))
        for name in ("new.csv", "new.wav"):
            assert type_of(str(tmp_path / name)) == tmp_path / name
    with pytest.raises(argparse.ArgumentTypeError, match="'/dev/null' is a device or a pipe"):
        types.file_to_write("/dev/null")
    assert types.file_or_device("/dev/null").is_char_device()


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", ""])
def test_whole_numbers(text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected a whole number from 1"):
        types.at_least(1)(text)
    assert types.at_least(0)("0") == 0


def test_seeds():
    assert types.seed("2147483647") == 2**31 - 1
    for text in ("2147483648", "99999999999999999999"):
        with pytest.raises(argparse.ArgumentTypeError, match=f"^'{text}': expected at most 2147"):
            types.seed(text)
    with pytest.raises(argparse.ArgumentTypeError, match="expected a whole number from 0"):
        types.seed("-1")


@pytest.mark.parametrize("text", ["1.01", "-0.1", "much", "nan"])
def test_shares(text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected a number from 0 to 1"):
        types.share(text)
    assert types.share("0.25") == 0.25
