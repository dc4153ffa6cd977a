"""What an index finds."""

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class Neighbors(NamedTuple):
    """Rows of an archive, the most similar first; similarities are cosines.

    Shape:
        ids, similarities: [neighbors].
    """

    ids: NDArray[np.int64]
    similarities: NDArray[np.float32]


class Index(Protocol):
    """Finds the rows whose vectors are nearest to a vector."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def nearest(self, vector: NDArray[np.float32], k: int) -> Neighbors:
        """Return the k rows that are most similar to a vector, or all if there are fewer.

        Args:
            vector: of any length but zero.
            k: number of rows.

        Shape:
            vector: [dim].
        """
