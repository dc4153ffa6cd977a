"""An order of classes in which those that are confused stand together."""

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform


def order_by_confusion(confusion: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return an order of the classes that puts confused ones next to each other.

    Classes are close if many of their clips are given the other's name, in either direction, as a
    share of each class's clips. Clusters of close classes are put in the order of Bar-Joseph et al.
    2001, in which neighbors are as close as they can be.

    Args:
        confusion: number of clips by true class (rows) and predicted class (columns).

    Shape:
        confusion: [classes, classes]; result: [classes].

    >>> confusion = np.array([[5, 1, 3], [0, 8, 0], [2, 0, 6]])
    >>> order_by_confusion(confusion).tolist()
    [1, 0, 2]
    """
    if len(confusion) < 3:
        return np.arange(len(confusion))
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    distances = 1 - (shares + shares.T) / 2
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "average", optimal_ordering=True)
    return leaves_list(tree).astype(np.int64)
