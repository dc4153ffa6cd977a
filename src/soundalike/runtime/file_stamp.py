"""Size and time of a file: while they stay the same, so does its content."""

import os

UNKNOWN = (-1, -1)


def file_stamp(path: str) -> tuple[int, int]:
    """Return size and time of modification in nanoseconds; `UNKNOWN` if there is no such file."""
    try:
        status = os.stat(path)
    except OSError:
        return UNKNOWN
    return status.st_size, status.st_mtime_ns
