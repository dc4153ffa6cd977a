"""The findings of an audit in sentences."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundalike.runtime.counts import counted

FEWEST = 2  # clips of a confusion that is worth a sentence
LEAST_SHARE = 0.05  # of the class


@dataclass(frozen=True)
class Confusion:
    """How often one class is labeled as another.

    Args:
        true_class: what the sounds are.
        label: what they are labeled as.
        n: how many of them, estimated.
        of: number of sounds of the class, estimated.
    """

    true_class: str
    label: str
    n: int
    of: int

    def __str__(self) -> str:
        return f"{self.true_class} is called {self.label} in {self.n:,} of {self.of:,}"


def confusions(counts: NDArray[np.floating], classes: list[str]) -> list[Confusion]:
    """Return the confusions that matter, the most frequent first.

    Args:
        counts: estimated number of clips by true class and label.
        classes: names of the classes.

    Shape:
        counts: [classes, classes].

    >>> [str(each) for each in confusions(np.array([[46.0, 14.2], [0.3, 60.0]]), ["rain", "sea"])]
    ['rain is called sea in 14 of 60']
    """
    totals = counts.sum(axis=1)
    pairs = [
        Confusion(classes[true], classes[label], round(counts[true, label]), round(totals[true]))
        for true, label in np.argwhere(counts >= FEWEST - 0.5).tolist()
        if true != label and counts[true, label] >= LEAST_SHARE * totals[true]
    ]
    return sorted(pairs, key=lambda each: -each.n)


def verdict(n_wrong: float, interval: tuple[float, float], n_labels: int, noun: str) -> str:
    """Return how many labels are wrong, in one sentence.

    Args:
        n_wrong: estimated number of wrong labels.
        interval: of the number.
        n_labels: number of labels.
        noun: what they are, such as "label".

    >>> verdict(38.4, (29.2, 47.4), 400, "label")
    'about 38 of 400 labels are wrong (29-47)'
    >>> verdict(0.2, (0.0, 2.8), 1200, "label")
    'hardly any of 1,200 labels is wrong (0-3)'
    """
    low, high = (round(end) for end in interval)
    span = f"({low:,}-{high:,})"
    if round(n_wrong) == 0:
        return f"hardly any of {counted(n_labels, noun)} is wrong {span}"
    are = "is" if round(n_wrong) == 1 else "are"
    return f"about {round(n_wrong):,} of {counted(n_labels, noun)} {are} wrong {span}"


def missing_and_extra(
    n_missing: NDArray[np.floating],
    n_extra: NDArray[np.floating],
    labels: NDArray[np.floating],
    classes: list[str],
) -> list[str]:
    """Return which classes are missing in labels, and which are too many, the most frequent first.

    Args:
        n_missing: expected number of clips that have a class without its label.
        n_extra: expected number of clips that have the label without the class.
        labels: 1 for each class in the label of a clip, otherwise 0.
        classes: names of the classes.

    Shape:
        n_missing, n_extra: [classes]; labels: [clips, classes].

    >>> labels = np.repeat([[1.0, 0.0]], 50, axis=0)
    >>> missing_and_extra(np.array([0.2, 9.8]), np.array([4.1, 0.0]), labels, ["dog", "rain"])
    ['rain is missing in 10 of 50 labels without it', 'dog is too many in 4 of 50 labels with it']
    """
    sentences = []
    for name, missing, extra, with_it in zip(
        classes,
        n_missing.tolist(),
        n_extra.tolist(),
        (labels == 1).sum(axis=0).tolist(),
        strict=True,
    ):
        without = len(labels) - with_it
        if missing >= FEWEST - 0.5:
            words = (
                f"{name} is missing in {round(missing):,} of {counted(without, 'label')} without it"
            )
            sentences.append((missing, words))
        if extra >= FEWEST - 0.5:
            words = f"{name} is too many in {round(extra):,} of {counted(with_it, 'label')} with it"
            sentences.append((extra, words))
    return [words for _, words in sorted(sentences, key=lambda pair: -pair[0])]
