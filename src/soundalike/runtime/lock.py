"""One run at a time in a folder."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

# So long the workers of a run that was killed may take to find out and end.
PATIENCE_S = 3.0


class InUseError(Exception):
    """Another run is at work in a folder: one plain line that says what to do."""

    exit_code = 1


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder while files in it are written.

    The folder itself is locked, so nothing is left behind by whatever ends a run, also by a crash.
    Where the system cannot lock folders, as Windows and some network disks, nobody is kept out.

    Args:
        folder: one that is there.

    Raises:
        InUseError: another run is at work in it.
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
    gives_up = time.monotonic() + PATIENCE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > gives_up:
                raise InUseError(
                    f"{folder}: another run is at work there: wait until it has ended, or name "
                    "another folder."
                ) from None
            time.sleep(0.1)
        except OSError:  # not on this disk
            return
