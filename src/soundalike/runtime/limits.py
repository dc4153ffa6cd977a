"""What a command may use of the machine: a number of threads, and a device. Imports no torch.

They are variables of the environment, so jobs can set them and worker processes have them, too:

SOUNDALIKE_THREADS   number of threads, and of worker processes
SOUNDALIKE_DEVICE    "auto" (a GPU if there is one), "cpu" or "cuda"
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

THREADS, DEVICE = "SOUNDALIKE_THREADS", "SOUNDALIKE_DEVICE"
DEVICES = ("auto", "cpu", "cuda")
# Read by OpenMP, and so by torch, and by numpy's BLAS when they are imported.
_OF_LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class LimitError(Exception):
    """A limit cannot be kept; the one-line message says what to do."""

    exit_code = 2


@contextmanager
def limits(n_threads: int | None = None, device: str | None = None) -> Iterator[None]:
    """Limit what this process and its children use, until the context ends.

    Args:
        n_threads: number of threads; by default SOUNDALIKE_THREADS, if that is set.
        device: one of `DEVICES`; by default SOUNDALIKE_DEVICE, if that is set.

    Raises:
        LimitError: a variable of the environment has a wrong value.
    """
    before = dict(os.environ)
    if n_threads is not None:
        os.environ[THREADS] = str(n_threads)
    if device is not None:
        os.environ[DEVICE] = device
    try:
        if (n_allowed := allowed_threads()) is not None:
            os.environ.update(dict.fromkeys(_OF_LIBRARIES, str(n_allowed)))
        allowed_device()
        yield
    finally:
        for name in (THREADS, DEVICE, *_OF_LIBRARIES):
            if name in before:
                os.environ[name] = before[name]
            else:
                os.environ.pop(name, None)


def allowed_threads() -> int | None:
    """Return the number of threads that SOUNDALIKE_THREADS allows, None if it is not set.

    Raises:
        LimitError: it is no whole number from 1 on.
    """
    text = os.environ.get(THREADS, "").strip()
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise LimitError(f"{THREADS}={text}: set it to a whole number from 1 on.")
    return int(text)


def allowed_device() -> str:
    """Return the device that SOUNDALIKE_DEVICE names, "auto" if it is not set.

    Raises:
        LimitError: it names no device.
    """
    device = os.environ.get(DEVICE, "").strip() or "auto"
    if device not in DEVICES:
        raise LimitError(f"{DEVICE}={device}: set it to one of {', '.join(DEVICES)}.")
    return device


def n_processors() -> int:
    """Return how many processors this process may use."""
    if (n_threads := allowed_threads()) is not None:
        return n_threads
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
