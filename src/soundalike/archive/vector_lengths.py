"""The lengths of many vectors, without a copy of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def lengths_of(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Return the Euclidean length of each vector; they may be memory-mapped.

    Shape:
        vectors: [n, dim]; result: [n].
    """
    return np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float32))
