"""Memory that the C library returns to the system."""

import ctypes
import sys

import pytest

from soundalike.runtime.returned_memory import returned_memory

N_BLOCKS, SIZE = 32, 2**20
MEMORY_OF_FREED_BLOCKS = f"""
import ctypes
from contextlib import nullcontext
from concurrent.futures import ThreadPoolExecutor
from soundalike.runtime.returned_memory import returned_memory

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p

def anonymous_memory():
    with open("/proc/self/status") as file:
        return next(1024 * int(line.split()[1]) for line in file if line.startswith("RssAnon"))

def allocate_and_free():
    blocks = [ctypes.c_void_p(libc.malloc({SIZE})) for _ in range({N_BLOCKS})]
    for block in blocks:
        ctypes.memset(block, 1, {SIZE})
    for block in blocks:
        libc.free(block)

libc.free(ctypes.c_void_p(libc.malloc({2**25 - 2**16})))  # from now on, smaller ones are kept
for context in (returned_memory(), nullcontext()):
    before = anonymous_memory()
    with ThreadPoolExecutor(1) as thread, context:
        thread.submit(allocate_and_free).result()
    print(anonymous_memory() - before)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallopt"), reason="no glibc"
)
def test_blocks_are_returned_in_the_context_and_kept_after_it(nursery):
    process = nursery.run("-c", MEMORY_OF_FREED_BLOCKS)
    assert process.returncode == 0, process.stderr
    in_context, after = map(int, process.stdout.split())
    assert in_context < 2 * SIZE
    assert after > N_BLOCKS * SIZE / 2


def test_an_error_passes():
    with pytest.raises(ValueError, match="an error"), returned_memory():
        raise ValueError("an error")
