"""Lock a folder or a file, so that one run at a time writes to it.

The lock of a folder is `flock` on the folder itself. Unlike a lock file (the library filelock), it
leaves no file in the folder, neither after a run nor after a crash. A file is replaced when it is
written, so its lock is `flock` on a second file beside it.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

LOCK = ".lock"
# Time that the workers of a killed run may need to notice and end.
PATIENCE_S = 3.0


class InUseError(Exception):
    """Another run is using the folder or the file; the one-line message says what to do."""

    exit_code = 1


@contextmanager
def locked(folder: Path, patience_s: float | None = None) -> Iterator[None]:
    """Hold the lock of a folder.

    The system releases the lock when the process ends, however it ends. Windows and some network
    disks cannot lock folders; there, several runs are not prevented.

    Args:
        folder: an existing folder.
        patience_s: how long another run is waited for, in seconds; by default, `PATIENCE_S`.

    Raises:
        InUseError: another run holds the lock for longer than that.
    """
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        problem = f"{folder}: another run is at work there"
        _lock(descriptor, problem, "use another folder", patience_s)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def locked_file(path: Path) -> Iterator[None]:
    """Hold the lock of a file while it is made.

    The file beside it, ``PATH.lock``, is deleted at the end. A run that is killed leaves it, and
    then it locks nothing.

    Args:
        path: the file, which need not exist, in an existing folder.

    Raises:
        InUseError: another run holds the lock for longer than `PATIENCE_S`.
        OSError: the folder cannot be written; the error names the file.
    """
    if sys.platform == "win32":
        yield
        return
    lock = path.with_name(path.name + LOCK)
    descriptor = _open_locked(lock, path)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(descriptor)


def _open_locked(lock: Path, path: Path) -> int:
    """Open and lock the file beside a file; a run that ends may delete it in between."""
    while True:
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            error.filename = str(path)
            raise
        try:
            _lock(descriptor, f"{path}: another run is writing it", "name another file")
        except InUseError:
            os.close(descriptor)
            raise
        if os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)


def _lock(descriptor: int, problem: str, remedy: str, patience_s: float | None = None) -> None:
    deadline = time.monotonic() + (PATIENCE_S if patience_s is None else patience_s)
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise InUseError(f"{problem}: wait until it ends, or {remedy}.") from None
            time.sleep(0.1)
        except OSError:  # this disk cannot lock
            return
