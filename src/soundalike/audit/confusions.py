"""Which classes are labeled as which others, in sentences.

Counts are [true classes, labels]. A class may be `NOTHING`: a sound that is none of the classes, or
a label that is missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NOTHING = ""


@dataclass(frozen=True)
class Confusion:
    """How often one class is labeled as another.

    Args:
        true_class: what the sounds are.
        label: what they are labeled as.
        n: how many of them.
        of: number of sounds of the class; if the sounds are none of the classes, number of clips
            with the label.
    """

    true_class: str
    label: str
    n: int
    of: int

    def __str__(self) -> str:
        n_of = f"in {self.n:,} of {self.of:,}"
        if self.true_class == NOTHING:
            return f"{self.label} is wrong {n_of}, with no other class in its place"
        if self.label == NOTHING:
            return f"{self.true_class} is missing {n_of}"
        return f"{self.true_class} is called {self.label} {n_of}"


def confusions(
    counts: NDArray[np.number],
    names: Sequence[str],
    n_true: NDArray[np.number],
    n_labeled: NDArray[np.number],
    *,
    fewest: int = 1,
    least_share: float = 0.0,
) -> list[Confusion]:
    """Return the confusions, the most frequent first.

    Args:
        counts: number of clips by true class and label.
        names: of the classes; those of the labels are the first of them.
        n_true: number of clips by true class.
        n_labeled: number of clips by label.
        fewest: a confusion of fewer clips is left out.
        least_share: so is one of a smaller share of the class.

    Shape:
        counts: [true classes, labels]; n_true: [true classes]; n_labeled: [labels].

    >>> counts = np.array([[46.0, 14.2], [0.3, 60.0]])
    >>> totals = counts.sum(axis=1), counts.sum(axis=0)
    >>> [str(each) for each in confusions(counts, ["rain", "sea"], *totals)]
    ['rain is called sea in 14 of 60']
    """
    results = []
    for true, label in np.argwhere(counts >= fewest - 0.5).tolist():
        of = n_labeled[label] if names[true] == NOTHING else n_true[true]
        if true != label and counts[true, label] >= least_share * of:
            n = round(counts[true, label].item())
            results.append(Confusion(names[true], names[label], n, round(of.item())))
    return sorted(results, key=lambda each: -each.n)
