"""Lock a folder, so that one run at a time writes to it.

The lock is `flock` on the folder itself. Unlike a lock file (the library filelock), it leaves no
file in the folder, neither after a run nor after a crash.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

# Time that the workers of a killed run may need to notice and end.
PATIENCE_S = 3.0


class InUseError(Exception):
    """Another run is using the folder; the one-line message says what to do."""

    exit_code = 1


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder.

    The system releases the lock when the process ends, however it ends. Windows and some network
    disks cannot lock folders; there, several runs are not prevented.

    Args:
        folder: an existing folder.

    Raises:
        InUseError: another run holds the lock for longer than `PATIENCE_S`.
    """
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _lock(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise InUseError(
                    f"{folder}: another run is at work there: wait until it ends, or use "
                    "another folder."
                ) from None
            time.sleep(0.1)
        except OSError:  # this disk cannot lock folders
            return
