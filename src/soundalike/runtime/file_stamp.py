"""Size and time of a file: while they stay the same, so does its content."""

import os
import time

UNKNOWN = (-1, -1)
# The clock of a file system moves in steps, and all changes within one step have the same time.
# Windows has the longest of those in use, 16 ms, but for clocks of whole seconds: FAT counts two.
STEP_NS, COARSE_STEP_NS = 30_000_000, 2_100_000_000


def file_stamp(path: str) -> tuple[int, int]:
    """Return size and time of modification in nanoseconds; `UNKNOWN` if there is no such file."""
    try:
        status = os.stat(path)
    except OSError:
        return UNKNOWN
    return status.st_size, status.st_mtime_ns


def settled_stamp(path: str) -> tuple[int, int]:
    """Return the stamp of a file that is read next, to be compared with that of a later moment.

    A file that was changed just now might be changed again with the same time. So this waits until
    that is over: what is read afterwards is what the stamp stands for, or later stamps are others.
    The clock of a network disk has to agree with that of this computer.
    """
    stamp = file_stamp(path)
    step_ns, age_ns = _step_ns(stamp[1]), time.time_ns() - stamp[1]
    if stamp != UNKNOWN and abs(age_ns) < step_ns:
        time.sleep((step_ns - age_ns) / 1e9)
    return stamp


def _step_ns(time_ns: int) -> int:
    """Return the length of a step of the clock that a file's time is from, or more."""
    return COARSE_STEP_NS if time_ns % 1_000_000_000 == 0 else STEP_NS
