"""Few-shot draws: the first clips of each class, in a random order of the training clips.

A draw with more labels contains those with fewer of the same seed, and all methods train on the
same clips. Clips of one recording are next to each other in the order, as somebody would label
them. A number of labels is one per class; None is all labels.
"""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundalike.datasets.splits import Split
from soundalike.runtime.counts import counted

ALL = "all"


@dataclass(frozen=True)
class Draw:
    """Some labels of one fold.

    Args:
        n_labels: labels per class; None for all.
        seed: random seed of the draw and of the classifier.
        fold: position of the fold.
        split: the clips that train and those that are tested; none validates.
    """

    n_labels: int | None
    seed: int
    fold: int
    split: Split

    @property
    def name(self) -> str:
        """What tells it apart from the other draws, as the name of a file."""
        return f"{amount_name(self.n_labels)}-{self.seed}-{self.fold}"


def amount_name(n_labels: int | None) -> str:
    """Return a number of labels as text."""
    return ALL if n_labels is None else str(n_labels)


def mean_amount_name(n_labels: float) -> str:
    """Return a mean number of labels as text.

    >>> mean_amount_name(5.0), mean_amount_name(31.84), mean_amount_name(1583.2)
    ('5', '31.8', '1,583')
    """
    return f"{n_labels:.3g}" if n_labels < 999.5 else f"{n_labels:,.0f}"


def few_of(
    split: Split,
    labels: NDArray[np.integer],
    recordings: NDArray[np.integer],
    n_labels: int | None,
    seed: int,
) -> Split:
    """Return a split with only some training clips of each class, and none for validation.

    A class with fewer clips has all of them.

    Args:
        split: the clips to choose from.
        labels: class of every clip.
        recordings: which recording every clip is of.
        n_labels: how many clips of each class; None for all.
        seed: random seed of the order of the clips.

    Shape:
        labels, recordings: [clips].
    """
    train = split.train
    if n_labels is not None:
        generator = np.random.default_rng([seed, zlib.crc32(split.name.encode())])
        _, recording = np.unique(recordings[train], return_inverse=True)
        place = generator.permutation(len(np.unique(recording)))[recording]
        order = train[np.lexsort([generator.random(len(train)), place])]
        of_order = labels[order]
        few = [order[of_order == label][:n_labels] for label in np.unique(of_order)]
        train = np.sort(np.concatenate(few))
    return Split(split.name, train, np.zeros(0, dtype=np.int64), split.test)


def draws(
    splits: Sequence[Split],
    labels: NDArray[np.integer],
    recordings: NDArray[np.integer],
    amounts: Sequence[int | None],
    seeds: Sequence[int],
) -> Iterator[Draw]:
    """Yield all draws, seed by seed.

    Shape:
        labels, recordings: [clips].
    """
    for seed in seeds:
        for n_labels in amounts:
            for fold, split in enumerate(splits):
                few = few_of(split, labels, recordings, n_labels, seed)
                yield Draw(n_labels, seed, fold, few)


def distinct_amounts(
    amounts: Sequence[int | None], splits: Sequence[Split], labels: NDArray[np.integer]
) -> list[int | None]:
    """Return numbers of labels in ascending order; those that no class has are the same as all.

    Shape:
        labels: [clips].
    """
    most = max(int(np.bincount(labels[split.train]).max()) for split in splits)
    numbers = sorted({n for n in amounts if n is not None and n < most})
    return [*numbers, *([None] if len(numbers) < len(set(amounts)) else [])]


def labels_per_class(
    n_labels: int | None, splits: Sequence[Split], labels: NDArray[np.integer]
) -> float:
    """Return the mean number of labels of a class that a draw has, over classes and folds.

    It is lower than `n_labels` if classes have fewer training clips.

    Shape:
        labels: [clips].
    """
    n_classes = len(np.unique(labels))
    counts = np.array([np.bincount(labels[s.train], minlength=labels.max() + 1) for s in splits])
    few = counts if n_labels is None else np.minimum(counts, n_labels)
    return float(few.sum() / len(splits) / n_classes)


def notes_on_amounts(
    requested: Sequence[int | None],
    amounts: Sequence[int | None],
    splits: Sequence[Split],
    labels: NDArray[np.integer],
    classes: Sequence[str],
) -> list[str]:
    """Return a line for numbers of labels that are all labels, and for classes with fewer.

    Args:
        requested: numbers of labels.
        amounts: those that are left of them (`distinct_amounts`).
        splits: the folds.
        labels: class of every clip.
        classes: names of the classes.

    Shape:
        labels: [clips].
    """
    notes = []
    if too_many := sorted({n for n in requested if n is not None} - set(amounts)):
        numbers = ", ".join(map(str, too_many))
        notes.append(f"no class has more training clips than {numbers}: this is the same as all")
    counts = np.array([np.bincount(labels[s.train], minlength=len(classes)) for s in splits])
    fewest = counts.min(axis=0)
    largest = max([n for n in amounts if n is not None], default=0)
    if len(small := np.flatnonzero((fewest < largest) & (counts.max(axis=0) > 0))):
        smallest = small[fewest[small].argsort(kind="stable")]
        names = ", ".join(f"{classes[c]} ({fewest[c]})" for c in smallest[:5])
        more = f" and {len(small) - 5:,} more" if len(small) > 5 else ""
        notes.append(
            f"fewer than {counted(largest, 'training clip')} in some round: {names}{more}; where a "
            "draw asks for more, it takes all of them"
        )
    return notes
