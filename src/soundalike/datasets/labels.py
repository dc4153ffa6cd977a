"""Labels of clips as numbers: one class per clip, or several; some clips may have none.

A label is written "dog", or "dog;rain" for several classes; "" is a clip without a label.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Labels:
    """Labels of clips, with the names of the classes.

    Args:
        values: where every clip has one class at most, the class index, or -1 for a clip without a
            label. Otherwise 1 for each class of the clip and 0 for the others; the row of a clip
            without a label is NaN, since 0 would say that it holds none of the classes.
        classes: names of the classes; a class index is a position in this list.
        is_verified: labels that are known to be right; None if it is known of none.

    Shape:
        values: [clips] int64, or [clips, classes] float32; is_verified: [clips].
    """

    values: np.ndarray
    classes: list[str]
    is_verified: np.ndarray | None = None

    @classmethod
    def from_names(cls, names: pd.Series, classes: list[str]) -> "Labels":
        """Turn the label column of a table into numbers.

        If any label names several classes, the result is multi-label.

        Args:
            names: labels as text, [clips].
            classes: names of the classes; a class that is not in it counts as none.
        """
        index = {name: position for position, name in enumerate(classes)}
        which, unique = pd.factorize(names)
        split = [classes_of(label) for label in unique]
        if all(len(of_label) <= 1 for of_label in split):
            single = [index.get(of_label[0], -1) if of_label else -1 for of_label in split]
            return cls(np.array(single, dtype=np.int64)[which], classes)
        rows = np.zeros((len(unique), len(classes)), dtype=np.float32)
        for row, of_label in zip(rows, split, strict=True):
            row[[index[name] for name in of_label if name in index]] = 1
            if not of_label:
                row[:] = np.nan
        return cls(rows[which], classes)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def is_multi_label(self) -> bool:
        """If true, a clip may have several classes."""
        return self.values.ndim == 2

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    @property
    def is_known(self) -> np.ndarray:
        """Which clips have a label: bool [clips]."""
        return ~np.isnan(self.values).any(axis=1) if self.is_multi_label else self.values >= 0

    def one_hot(self) -> np.ndarray:
        """Return labels of either kind as 0 or 1, [clips, classes]; all clips have one."""
        return self.values if self.is_multi_label else np.eye(self.n_classes)[self.values]

    def select(self, indices: np.ndarray) -> "Labels":
        """Return the labels of some clips; they stay of the same kind and with the same classes."""
        verified = None if self.is_verified is None else self.is_verified[indices]
        return Labels(self.values[indices], self.classes, verified)


def classes_of(label: str) -> list[str]:
    """Return the classes that a label names, in its order, each once.

    >>> classes_of("dog; rain;dog")
    ['dog', 'rain']
    >>> classes_of(" ")
    []
    """
    return list(dict.fromkeys(name.strip() for name in label.split(";") if name.strip()))
