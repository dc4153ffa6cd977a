"""Have the C library return large blocks of memory to the system.

glibc keeps freed blocks of up to 32 MB to use them again: up to 64 MB for each thread that has
freed such a block, for good. That is good for a network that needs the same blocks for each batch,
but not for work that many threads do now and then.
"""

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Of malloc.h: the smallest block that is returned when it is freed, and how much may be kept.
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
AT_FIRST = 2**17
AT_MOST = (
    2**25
)  # to which glibc raises the smallest block by itself when a program frees larger ones


@contextmanager
def returned_memory() -> Iterator[None]:
    """Return every large block that is allocated in the context as soon as it is freed.

    Does nothing where the C library is another one.
    """
    set_threshold = _mallopt()
    if set_threshold is None:
        yield
        return
    set_threshold(MMAP_THRESHOLD, AT_FIRST)
    set_threshold(TRIM_THRESHOLD, AT_FIRST)
    try:
        yield
    finally:
        set_threshold(MMAP_THRESHOLD, AT_MOST)
        set_threshold(TRIM_THRESHOLD, 2 * AT_MOST)


def _mallopt() -> Callable[[int, int], int] | None:
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None), "mallopt", None)
