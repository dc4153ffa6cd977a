"""What the C library does with freed memory: keep it, or return it to the system.

All of it is for glibc; other C libraries are not changed. glibc by itself keeps freed blocks of up
to 32 MB, as many as 64 MB for each thread that has freed such a block.
"""

import ctypes
import functools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Of <malloc.h>: how much may be kept at the end of an area, how much more is taken than is needed,
# from which size on blocks are areas of their own, which end when they are freed, and how many of
# these there may be; how many areas threads share.
TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD, MMAP_MAX, ARENA_MAX = -1, -2, -3, -4, -8
RETURNED = {MMAP_MAX: 2**16, MMAP_THRESHOLD: 2**17, TRIM_THRESHOLD: 2**17, TOP_PAD: 2**17}
# Of blocks that are freed again and again, glibc raises the thresholds to this by itself.
AS_USUAL = RETURNED | {MMAP_THRESHOLD: 2**25, TRIM_THRESHOLD: 2**26}
# `malloc_trim` does not return the ends of other areas than the first, so there are few: one for
# each core, where glibc would have eight.
KEPT = {
    MMAP_MAX: 0,
    TRIM_THRESHOLD: 2**31 - 1,
    TOP_PAD: 256 * 2**20,
    ARENA_MAX: os.cpu_count() or 1,
}

_settings = AS_USUAL  # outside of `returned_memory`


def keep_freed_memory() -> None:
    """Keep freed memory from now on.

    Every step of a training frees and allocates the same activations. Returning the pages and
    faulting them in again costs up to half of a step's time on a CPU.
    """
    global _settings
    _settings = KEPT
    _set(KEPT)


def release_freed_memory() -> None:
    """Return the memory that is free now to the system.

    After `keep_freed_memory`, what stays allocated for long splits the free memory into pieces that
    are too small for the next activations, and the process grows with the number of its batches.
    """
    if library := _glibc():
        library.malloc_trim(0)


@contextmanager
def returned_memory() -> Iterator[None]:
    """Return every large block that is allocated in the context as soon as it is freed.

    This is for work that many threads do now and then.
    """
    _set(RETURNED)
    try:
        yield
    finally:
        _set(_settings)


def _set(settings: dict[int, int]) -> None:
    if library := _glibc():
        for name, value in settings.items():
            library.mallopt(name, value)


@functools.cache
def _glibc() -> Any:
    """Return glibc; None if the C library is another one."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
