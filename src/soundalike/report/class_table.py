"""Recall, precision and counts of every class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ClassCounts:
    """How the test clips with and without a class were answered.

    Args:
        name: the class.
        n_found: clips that have the class and were given it.
        n_missed: clips that have it and were not given it.
        n_false: clips that were given it without having it.
        n_absent: clips that neither have it nor were given it.
    """

    name: str
    n_found: int
    n_missed: int
    n_false: int
    n_absent: int

    @property
    def n_clips(self) -> int:
        """Clips that have the class."""
        return self.n_found + self.n_missed

    @property
    def n_answers(self) -> int:
        """Clips that were given the class."""
        return self.n_found + self.n_false

    @property
    def recall(self) -> float | None:
        """Share of the clips of the class that were given it; None without clips."""
        return self.n_found / self.n_clips if self.n_clips else None

    @property
    def precision(self) -> float | None:
        """Share of the clips that were given the class that have it; None without answers."""
        return self.n_found / self.n_answers if self.n_answers else None


def class_table(
    truth: NDArray[np.floating], answers: NDArray[np.bool_], classes: Sequence[str]
) -> list[ClassCounts]:
    """Count the answers of every class, the class with the lowest recall first.

    Args:
        truth: classes of the test clips, 0 or 1.
        answers: classes that they were given.
        classes: names of the classes.

    Shape:
        truth, answers: [clips, classes].
    """
    has_class = truth == 1
    counts = [
        ClassCounts(
            name,
            int((has & gets).sum()),
            int((has & ~gets).sum()),
            int((~has & gets).sum()),
            int((~has & ~gets).sum()),
        )
        for name, has, gets in zip(classes, has_class.T, answers.T, strict=True)
    ]
    return sorted(counts, key=lambda row: (2.0 if row.recall is None else row.recall, row.name))
