"""The file that a command writes: claimed before the work begins, so no work is lost."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from soundalike.datasets.clips import SourceError
from soundalike.runtime.atomic import remove_partial_files
from soundalike.runtime.folders import output_folder
from soundalike.runtime.lock import locked_file


def check_output(path: Path, suffixes: Collection[str]) -> None:
    """Refuse a path that a file cannot be written to, or whose suffix is not that of the file.

    Args:
        path: the file to write.
        suffixes: those that it may have, such as ".csv".

    Raises:
        SourceError: the path is a folder, a device or a pipe, or has another suffix.
    """
    *others, last = suffixes
    kinds = f"{', '.join(others)} or {last}" if others else last
    if path.is_dir():
        raise SourceError(f"{path}: is a folder: name the {kinds} file to write.")
    if path.exists() and not path.is_file():
        raise SourceError(f"{path}: is not a regular file: name the {kinds} file to write.")
    if path.suffix.lower() not in suffixes:
        actual = path.suffix or "no suffix"
        raise SourceError(f"{path}: {actual}: name a {kinds} file; the suffix decides what it is.")


@contextmanager
def claimed_file(path: Path, suffixes: Collection[str]) -> Iterator[None]:
    """Hold the lock of a file that is about to be made; create its folder.

    Args:
        path: the file; an existing one stays until it is replaced.
        suffixes: those that it may have, such as ".csv".

    Raises:
        SourceError: as in `check_output`.
        InUseError: another run is writing the file.
        OSError: the folder cannot be created or written.
    """
    check_output(path, suffixes)
    with output_folder(path.parent), locked_file(path):
        remove_partial_files(path)
        yield
