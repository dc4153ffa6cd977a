"""Which kind of wrong labels a source has, from the noise matrix that an audit estimates.

symmetric          clips of a class get any other label, each as often as the next
confusion          each class is mistaken for mostly one other
out_of_vocabulary  sounds that are none of the classes
"""

import numpy as np
from numpy.typing import NDArray

from soundalike.datasets.label_noise import Kind


def kind_of_noise(counts: NDArray[np.floating]) -> Kind:
    """Return the kind that most of the wrong labels are of.

    They are confusions if more than (1 + 1/n) / 2 of them are the most frequent wrong label of
    their class, n being the number of other classes: halfway between an equal share and all of
    them. With two classes the kinds cannot be told apart: symmetric.

    Args:
        counts: expected number of clips by true class and label; a last row for none of the
            classes.

    Shape:
        counts: [classes + 1, classes].

    >>> kind_of_noise(np.array([[9, 1, 0], [0, 9, 1], [1, 0, 9], [0, 0, 1]]))
    'confusion'
    >>> kind_of_noise(np.array([[9, 1, 0], [0, 9, 1], [1, 0, 9], [2, 2, 1]]))
    'out_of_vocabulary'
    """
    inside = counts[:-1] * (1 - np.eye(counts.shape[1]))
    n_inside, n_outside = inside.sum(), counts[-1].sum()
    if n_outside > n_inside:
        return "out_of_vocabulary"
    n_others = max(1, counts.shape[1] - 1)
    share_of_largest = inside.max(axis=1, initial=0.0).sum() / max(n_inside, 1e-12)
    return "confusion" if share_of_largest > (1 + 1 / n_others) / 2 else "symmetric"
