"""The file that a command writes: claimed before the work begins, so no work is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from soundalike.datasets.clips import SourceError
from soundalike.runtime.atomic import remove_partial_files
from soundalike.runtime.lock import locked_file


@contextmanager
def claimed_file(path: Path, kind: str) -> Iterator[None]:
    """Hold the lock of a file that is about to be made; create its folder.

    Args:
        path: the file; an existing one stays until it is replaced.
        kind: such as "CSV", for messages.

    Raises:
        SourceError: the path is a folder, a device or a pipe.
        InUseError: another run is writing the file.
        OSError: the folder cannot be created or written.
    """
    if path.is_dir():
        raise SourceError(f"{path}: is a folder: name the {kind} file to write.")
    if path.exists() and not path.is_file():
        raise SourceError(f"{path}: is not a regular file: name the {kind} file to write.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked_file(path):
        remove_partial_files(path)
        yield
