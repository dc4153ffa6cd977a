"""Groups of rows that sound alike, for their colors: k-means on the vectors.

The groups are those of the vectors and not of a map, so that their colors show what a map has torn
apart or put together. There are as many groups as the page has colors. On ESC-10, embedded by the
shipped model, their adjusted mutual information with the classes is 0.79; HDBSCAN reaches 0.71 on
UMAP and 0.40 on the vectors, and its time grows with the square of the rows.
"""

import warnings
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from soundalike.explore.pca import ROWS_AT_ONCE, unit_rows

N_CLUSTERS = 11
MOST_FITTED = 20_000
SEED = 0


def cluster(vectors: NDArray[np.float32], n_clusters: int = N_CLUSTERS) -> NDArray[np.uint16]:
    """Return the cluster of every vector, the largest first: the same for the same vectors.

    Centers are fitted to at most 20,000 of the vectors. Vectors are read in blocks, so they may be
    memory-mapped.

    Shape:
        vectors: [rows, dim]; result: [rows].
    """
    from sklearn.cluster import KMeans  # takes a second, which the server starts without

    n_rows = len(vectors)
    if not n_rows:
        return np.empty(0, np.uint16)
    order = np.random.default_rng(SEED).permutation(n_rows)
    sample = unit_rows(vectors[np.sort(order[:MOST_FITTED])])
    n_clusters = min(n_clusters, len(sample))
    with warnings.catch_warnings(action="ignore"):  # fewer different vectors than clusters
        centers = KMeans(n_clusters, n_init=4, random_state=SEED).fit(sample).cluster_centers_
    nearest = np.empty(n_rows, np.int64)
    for first in range(0, n_rows, ROWS_AT_ONCE):
        block = slice(first, first + ROWS_AT_ONCE)
        closeness = unit_rows(vectors[block]) @ centers.T - (centers**2).sum(axis=1) / 2
        nearest[block] = closeness.argmax(axis=1)
    by_size = np.argsort(-np.bincount(nearest, minlength=n_clusters), kind="stable")
    return np.argsort(by_size).astype(np.uint16)[nearest]


def cluster_names(clusters: NDArray[np.uint16], labels: Sequence[str]) -> list[str]:
    """Name clusters by their numbers, and by the label of most of their rows if there is one.

    >>> cluster_names(np.array([0, 0, 0, 1, 1]), ["dog", "dog", "", "cat", "dog"])
    ['1: mostly dog', '2']

    Shape:
        clusters: [rows].
    """
    names = []
    for number in range(len(np.bincount(clusters))):
        of_cluster = [labels[row] for row in np.flatnonzero(clusters == number).tolist()]
        label, count = Counter(of_cluster).most_common(1)[0]
        is_named = label and count > len(of_cluster) / 2
        names.append(f"{number + 1}: mostly {label}" if is_named else f"{number + 1}")
    return names
