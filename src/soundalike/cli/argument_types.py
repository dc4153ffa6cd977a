"""Types of arguments: the word on the command line to a value, or a line on what is expected."""

import argparse
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from soundalike.audio.suffixes import AUDIO_SUFFIXES

if TYPE_CHECKING:
    from soundalike.datasets.folder_names import LabelDepth

LARGEST_SEED = 2**31 - 1  # scikit-learn's end at twice that; draws of labels count on from theirs


def at_least(minimum: int) -> Callable[[str], int]:
    """Return the type of an argument that is a whole number from ``minimum`` on."""

    def whole_number(text: str) -> int:
        if not text.isdecimal() or int(text) < minimum:
            raise argparse.ArgumentTypeError(f"'{text}': expected a whole number from {minimum}")
        return int(text)

    return whole_number


def seed(text: str) -> int:
    """Return an argument that is a random seed."""
    value = at_least(0)(text)
    if value > LARGEST_SEED:
        raise argparse.ArgumentTypeError(f"'{text}': expected at most {LARGEST_SEED}")
    return value


def share(text: str) -> float:
    """Return an argument that is a number from 0 to 1."""
    return _number(text, lambda value: 0 <= value <= 1, "a number from 0 to 1")


def positive_number(text: str) -> float:
    """Return an argument that is a number above 0."""
    return _number(text, lambda value: 0 < value < math.inf, "a number above 0")


def _number(text: str, is_allowed: Callable[[float], bool], expected: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan  # which no range has
    if not is_allowed(value):
        raise argparse.ArgumentTypeError(f"'{text}': expected {expected}")
    return value


def label_depth(text: str) -> "LabelDepth":
    """Return an argument that is a whole number from 1 on, or "deepest"."""
    if text == "deepest":
        return "deepest"
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}': expected 1, 2 ... or deepest")
    return int(text)


def address(text: str) -> str:
    """Return an address in object storage."""
    from soundalike.runtime.object_storage import is_address

    text = text.rstrip("/")
    if not is_address(text):
        raise argparse.ArgumentTypeError(f"'{text}': expected an address such as s3://bucket/birds")
    return text


def file_to_write(text: str) -> Path:
    """Return an argument that is a file to write."""
    path = file_or_device(text)
    if os.path.exists(text) and not os.path.isfile(text):
        raise argparse.ArgumentTypeError(f"'{text}' is a device or a pipe: name a file")
    return path


def file_or_device(text: str) -> Path:
    """Return an argument that is a file, a device or a pipe to write to."""
    path = Path(text)
    # Not the methods of paths, which raise where a folder may not be looked into.
    if os.path.isdir(path):
        raise argparse.ArgumentTypeError(f"'{text}' is a folder: name a file")
    if os.path.isfile(path) and path.suffix.lower() in AUDIO_SUFFIXES:
        raise argparse.ArgumentTypeError(
            f"'{text}' is a sound, which would be overwritten: name another file"
        )
    return path
