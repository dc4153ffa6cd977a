"""The maps of a collection: where each row is drawn."""

import functools
import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from soundalike.explore.collection import Collection
from soundalike.explore.pca import in_square, principal_components


class Layouts:
    """Computes the maps of a collection when they are first needed.

    Args:
        collection: whose rows are drawn.
    """

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self._lock = threading.Lock()
        self._of: dict[str, Callable[[], NDArray[np.float32]]] = {"pca": lambda: self._pca}

    def states(self) -> dict[str, str]:
        """Return the state of every map: "ready", "computing", or why there is none."""
        return dict.fromkeys(self._of, "ready")

    def points(self, name: str) -> NDArray[np.float32] | None:
        """Return the points of a map, from -1 to 1, in the order of the rows; None if not ready.

        Shape:
            result: [rows, 2].
        """
        if name not in self._of:
            return None
        with self._lock:
            return self._of[name]()

    @functools.cached_property
    def _pca(self) -> NDArray[np.float32]:
        return in_square(principal_components(self.collection.vectors()))
