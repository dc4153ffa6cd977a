"""Atomic writing: a file is complete or does not exist, also after a crash of the machine."""

import errno
import glob
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

PARTIAL = ".partial"


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write to a temporary file in the same folder, then rename it to `path`.

    If the writing fails, the temporary file is deleted and an existing file stays as it was. A
    process that is killed leaves its temporary file, which nobody reads; `remove_partial_files`
    deletes it. Every process has a temporary file of its own.

    Args:
        path: the file to create or replace.

    Yields:
        The temporary file to write to.

    Raises:
        OSError: the file cannot be written; the error names it.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}{PARTIAL}")
    try:
        yield temporary
        _flush(temporary)
        os.replace(temporary, path)
        _flush(path.parent)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if not isinstance(error, OSError) or error.filename not in (None, str(temporary)):
            raise
        if error.errno is None:  # NumPy's, when the disk is full
            raise OSError(f"{path} cannot be written ({error}): free some space.") from error
        error.filename = str(path)
        raise


def remove_partial_files(*paths: Path) -> None:
    """Delete what killed processes left of files, or in folders and those inside; lock them first.

    Args:
        paths: the files, which need not exist, and the folders.
    """
    for path in paths:
        of_file = path.parent.glob(f"{glob.escape(path.name)}.[0-9]*{PARTIAL}")
        for temporary in [*path.rglob(f"*{PARTIAL}")] if path.is_dir() else of_file:
            temporary.unlink(missing_ok=True)


def flush_folder(
    folder: Path, flushed: Mapping[Path, tuple[int, int]] = MappingProxyType({})
) -> dict[Path, tuple[int, int]]:
    """Wait until the files in a folder, and in those inside, are on the disk.

    Args:
        folder: the folder, with files that nobody has flushed when they were written.
        flushed: what the call before has returned, whose files are not flushed again.

    Raises:
        OSError: a file cannot be written.
    """
    files: dict[Path, tuple[int, int]] = {}
    for inside, _, names in os.walk(folder):
        paths = [Path(inside, name) for name in names]
        files |= {path: _version(path) for path in paths}
        new = [path for path in paths if flushed.get(path) != files[path]]
        for path in [*new, Path(inside)] if new else []:
            _flush(path)
    if not flushed:
        _flush(folder.parent)
    return files


def move_folder(folder: Path, path: Path) -> None:
    """Rename a folder when all files in it are on the disk, and wait until its name is, too.

    Raises:
        OSError: a file cannot be written, or something else is at the path.
    """
    flush_folder(folder)
    os.replace(folder, path)
    _flush(path.parent)


def _version(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def _flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot open folders
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP) or not path.is_dir():
            raise  # some network disks cannot flush folders
    finally:
        os.close(descriptor)


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
