"""The maps of a collection: where each row is drawn."""

import contextlib
import functools
import threading
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from soundalike.archive.head import ArchiveError
from soundalike.explore.collection import Collection
from soundalike.explore.map_process import MapProcess
from soundalike.explore.pca import in_square, principal_components
from soundalike.explore.stored_map import read_points

COMPUTING, READY = "computing", "ready"
LONGEST_WAIT_S = 20.0


class Layouts:
    """The principal components of a collection, computed once, and its UMAP.

    As a context, it computes the map that the page opens on in a thread, and a UMAP that the
    archive lacks in a process, which ends with the context. The process starts when a page says
    that it has drawn its first map, which would wait for it: imports and compilation take both
    cores of a small machine.

    Args:
        collection: whose rows are drawn.
    """

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self._pca_lock, self._umap_lock = threading.Lock(), threading.Lock()
        self._process: MapProcess | None = None
        self._is_missing = False
        self._is_drawn = threading.Event()
        self._umap = read_points(collection.archive, collection.rows)

    def __enter__(self) -> Self:
        self._is_missing = self._umap is None and len(self.collection) > 0
        threading.Thread(target=self.prepare, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._umap_lock:
            self._is_missing = False
        self._is_drawn.set()
        if self._process:
            self._process.stop()

    def prepare(self) -> None:
        """Compute the first map, unless another one is stored; start UMAP if no page is opened."""
        if self.states()["umap"] != READY and len(self.collection):
            with contextlib.suppress(ArchiveError):  # the page says so when it asks
                self.points("pca")
            self._is_drawn.wait(LONGEST_WAIT_S)
            self.start_umap()

    def start_umap(self) -> None:
        """Have the UMAP computed if the archive lacks it; a page has drawn its first map."""
        with self._umap_lock:
            if self._is_missing and self._process is None:
                self._process = MapProcess(self.collection.archive.path)
        self._is_drawn.set()

    def states(self) -> dict[str, str]:
        """Return the state of every map: "ready", "computing", or why there is none."""
        with self._umap_lock:
            return {"pca": READY, "umap": self._umap_state()}

    def points(self, name: str) -> NDArray[np.float32] | None:
        """Return the points of a map, from -1 to 1, in the order of the rows; None if not ready.

        Shape:
            result: [rows, 2].
        """
        if name == "pca":
            with self._pca_lock:
                return self._pca
        with self._umap_lock:
            return self._umap if name == "umap" and self._umap_state() == READY else None

    def _umap_state(self) -> str:
        if self._umap is not None:
            return READY
        if self._process is None:
            return COMPUTING if self._is_missing else "it is not computed"
        if self._process.is_running():
            return COMPUTING
        if problem := self._process.problem():
            return problem
        self._umap = read_points(self.collection.archive, self.collection.rows)
        if self._umap is None:
            return "the archive has changed: start explore again"
        return READY

    @functools.cached_property
    def _pca(self) -> NDArray[np.float32]:
        return in_square(principal_components(self.collection.vectors()))
