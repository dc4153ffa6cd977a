"""Atomic writing: a file is complete or does not exist."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write to a temporary file in the same folder, then rename it to `path`.

    If the writing fails, the temporary file is deleted and an existing file stays as it was.

    Args:
        path: the file to create or replace.

    Yields:
        The temporary file to write to.

    Raises:
        OSError: the file cannot be written; the error names it.
    """
    temporary = path.with_name(path.name + ".partial")
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # an error of an open file does not say which file
        raise


def write_text(path: Path, text: str) -> None:
    """Write text to a file atomically, as UTF-8 with the line ends of the text.

    Raises:
        OSError: the file cannot be written.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file atomically, indented for people who read it.

    Raises:
        OSError: the file cannot be written.
    """
    write_text(path, to_json(content))


def to_json(content: Any) -> str:
    """Return content as JSON, indented for people who read it."""
    return json.dumps(content, indent=1) + "\n"
