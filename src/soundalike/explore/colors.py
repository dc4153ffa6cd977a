"""What the page can color points by: a name or a number for every row.

To add one, add a function to the table of `colorings`. It is called whenever the page asks.
"""

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundalike.explore.clusters import cluster, cluster_names
from soundalike.explore.collection import Categories, Collection
from soundalike.explore.labeled_rows import LabeledRows


@dataclass(frozen=True)
class Scale:
    """A number for every row.

    Args:
        values: from 0 to 1.
        ends: what 0 and 1 are, in words.

    Shape:
        values: [rows].
    """

    values: NDArray[np.float32]
    ends: str


Coloring = Categories | Scale
Colorings = dict[str, Callable[[], Coloring]]


def colorings(collection: Collection, labels: LabeledRows) -> Colorings:
    """Return what a collection can be colored by, in the order of the page."""
    return {
        "label": lambda: collection.labels,
        "your label": labels.categories,
        "cluster": _once(lambda: clusters(collection)),
        "folder": lambda: collection.folders,
        "loudness": lambda: Scale(collection.loudness, "peak: -60 dB or less to full scale"),
    }


def clusters(collection: Collection) -> Categories:
    """Return the clusters of a collection; this reads all vectors."""
    codes = cluster(collection.vectors())
    return Categories(cluster_names(codes, collection.rows["label"].tolist()), codes)


def _once(compute: Callable[[], Coloring]) -> Callable[[], Coloring]:
    """Return a function that computes something at its first call, for any number of threads."""
    lock, cached = threading.Lock(), functools.cache(compute)

    def get() -> Coloring:
        with lock:
            return cached()

    return get
