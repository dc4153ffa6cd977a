"""Arrays that may be larger than memory."""

import tempfile

import numpy as np
from numpy.typing import NDArray

MOST_BYTES_IN_MEMORY = 2**30


def large_array(n_rows: int, dim: int) -> NDArray[np.float32]:
    """Return an array to fill, in memory; a large one is memory-mapped from a temporary file.

    The system can write parts of a memory-mapped array to the file when it needs the memory. The
    file is deleted with the array.

    Shape:
        result: float32 [n_rows, dim].
    """
    if 4 * n_rows * dim <= MOST_BYTES_IN_MEMORY:
        return np.empty((n_rows, dim), np.float32)
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, np.float32, shape=(n_rows, dim))
