"""Folders for output, of which a failure leaves nothing that is empty."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def output_folder(path: Path) -> Iterator[None]:
    """Create a folder and its parents; after an error, delete those that are still empty.

    Folders that existed before stay.

    Args:
        path: the folder, which may exist.

    Raises:
        OSError: the folder cannot be created.
    """
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for folder in missing:
            try:
                folder.rmdir()
            except OSError:  # it holds something, or was not created
                continue
        raise
