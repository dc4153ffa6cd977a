"""Arrays that may be larger than memory."""

import errno
import os
import tempfile

import numpy as np
from numpy.typing import NDArray

MOST_BYTES_IN_MEMORY = 2**30


def large_array(n_rows: int, dim: int) -> NDArray[np.float32]:
    """Return an array to fill, in memory; a large one is memory-mapped from a temporary file.

    The system can write parts of a memory-mapped array to the file when it needs the memory. The
    file is deleted with the array. Its folder is that of temporary files, which TMPDIR names.

    Shape:
        result: float32 [n_rows, dim].

    Raises:
        OSError: the folder has no room for the file.
    """
    n_bytes = 4 * n_rows * dim
    if n_bytes <= MOST_BYTES_IN_MEMORY:
        return np.empty((n_rows, dim), np.float32)
    with tempfile.TemporaryFile() as file:
        if hasattr(os, "posix_fallocate"):
            # If the disk were full when the array is filled, the system would end the process.
            try:
                os.posix_fallocate(file.fileno(), 0, n_bytes)
            except OSError as error:
                if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):  # this file system cannot
                    error.filename = f"{tempfile.gettempdir()} (TMPDIR)"
                    raise
        return np.memmap(file, np.float32, shape=(n_rows, dim))


def reordered(array: NDArray[np.float32], order: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the rows of an array of `large_array` in another order, in an array of the same kind.

    Shape:
        array, result: [n_rows, dim]; order: [n_rows].
    """
    if not isinstance(array, np.memmap):
        return array[order]
    # Other modes than "clip" copy the result in memory.
    return np.take(array, order, axis=0, out=large_array(*array.shape), mode="clip")
