"""Memory that the C library keeps, or returns to the system."""

import ctypes
import sys

import pytest
import torch

from soundalike.runtime.freed_memory import keep_freed_memory, returned_memory

of_glibc = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallopt"), reason="of glibc"
)


def test_keep_freed_memory_does_not_change_results():
    keep_freed_memory()
    assert torch.ones(1000, 1000).sum() == 1e6


FRAGMENTS = """
import sys
import numpy as np
from soundalike.runtime.freed_memory import keep_freed_memory, release_freed_memory

def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

keep_freed_memory()
before = resident_mb()
arrays = [np.ones(2**20, np.uint8) for _ in range(200)]
last = arrays[-1]
del arrays
assert resident_mb() > before + 150, "freed memory is not kept"
release_freed_memory()
assert resident_mb() < before + 50
"""


@of_glibc
def test_freed_memory_is_released_when_told(nursery):
    """The last array is in the way of all that was freed before it."""
    process = nursery.run("-c", FRAGMENTS)
    assert process.returncode == 0, process.stderr


BLOCKS = """
import ctypes
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from soundalike.runtime.freed_memory import keep_freed_memory, returned_memory

N_BLOCKS, SIZE = 32, 2**20
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p

def anonymous_memory():
    with open("/proc/self/status") as file:
        return next(1024 * int(line.split()[1]) for line in file if line.startswith("RssAnon"))

def allocate_and_free():
    blocks = [ctypes.c_void_p(libc.malloc(SIZE)) for _ in range(N_BLOCKS)]
    for block in blocks:
        ctypes.memset(block, 1, SIZE)
    for block in blocks:
        libc.free(block)

if sys.argv[1] == "kept":
    keep_freed_memory()
for context in (returned_memory(), nullcontext()):
    before = anonymous_memory()
    with ThreadPoolExecutor(1) as thread, context:
        thread.submit(allocate_and_free).result()
    print((anonymous_memory() - before) / (N_BLOCKS * SIZE))
"""


@of_glibc
@pytest.mark.parametrize("before", ["as usual", "kept"])
def test_large_blocks_are_returned_in_the_context_and_kept_after_it(before, nursery):
    process = nursery.run("-c", BLOCKS, before)
    assert process.returncode == 0, process.stderr
    in_context, after = map(float, process.stdout.split())
    assert in_context < 0.1
    assert after > 0.5


def test_an_error_in_the_context_passes():
    with pytest.raises(ValueError, match="an error"), returned_memory():
        raise ValueError("an error")
