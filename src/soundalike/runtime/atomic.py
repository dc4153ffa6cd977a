"""Files that are whole or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Write beside, then rename: what has its name is whole. A failure leaves nothing behind.

    Args:
        path: the file to make or to replace.

    Yields:
        Where to write it in the meantime.

    Raises:
        OSError: it cannot be written; the error names the file.
    """
    beside = path.with_name(path.name + ".partial")
    try:
        yield beside
        os.replace(beside, path)
    except BaseException as error:
        beside.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # writing to an open file does not say to which
        raise
