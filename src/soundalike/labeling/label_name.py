"""What a label may be called."""

import unicodedata

from soundalike.datasets.cells import MISSING

MOST_CHARACTERS = 200
SEPARATOR = ";"  # between the labels of a clip in a manifest
UNPRINTABLE = {"Cc", "Cs"}  # of Unicode: control characters and halves of characters


class LabelError(Exception):
    """A label cannot have this name; the one-line message says what to do."""

    exit_code = 2


def label_name(text: str) -> str:
    """Return a label without spaces around it, and with its letters written in one way.

    >>> label_name(" great  tit ")
    'great tit'

    Raises:
        LabelError: it is empty or long, has a semicolon or characters that cannot be printed, or
            means something else in a manifest.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise LabelError("the label is empty: type its name.")
    if len(name) > MOST_CHARACTERS:
        raise LabelError(f"the label has {len(name)} characters: use {MOST_CHARACTERS} at most.")
    if SEPARATOR in name:
        raise LabelError(f"{name!r}: a semicolon separates labels: give them one after the other.")
    if any(unicodedata.category(character) in UNPRINTABLE for character in name):
        raise LabelError(f"{name!r}: use only characters that can be printed.")
    if name in MISSING or name.startswith("["):
        raise LabelError(f"{name!r}: tables do not read this as a label: choose another name.")
    return name
