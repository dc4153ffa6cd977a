"""The order in which labels are looked at: the most suspicious first."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.audit.judgment import Judgment
from soundalike.audit.labels_file import CLIP
from soundalike.audit.labels_text import DIGITS, UNDECIDED

N_SUSPICIOUS, N_NEIGHBORS = 10, 10
NO_CLASS = "none of the classes"


@dataclass(frozen=True)
class SuspiciousLabel:
    """A label that is probably wrong.

    Args:
        path: file of the clip.
        start_s, end_s: times of the clip; None for a whole file.
        label: its label.
        suggested: the most probable label if this one is wrong; "" if the sound is probably none of
            the classes.
        p_wrong: probability that the label is wrong.
    """

    path: str
    start_s: float | None
    end_s: float | None
    label: str
    suggested: str
    p_wrong: float

    @property
    def suggestion(self) -> str:
        """What is suggested, in words."""
        return self.suggested or NO_CLASS


def by_suspicion(
    table: pd.DataFrame,
    judgment: Judgment,
    neighbors: NDArray[np.int64],
    similarity: NDArray[np.float32],
) -> pd.DataFrame:
    """Return a table of labels with what was found out, the most suspicious first.

    Many labels are as certainly wrong as the calibration of the probabilities allows. Of those with
    the same probability, the one comes first that the nearest clips support least: those with the
    same label, by their similarity.

    Args:
        table: the table of labels, see `labels_file`.
        judgment: of its labels.
        neighbors: positions of the nearest clips, -1 where there is none.
        similarity: of the nearest clips.

    Shape:
        neighbors, similarity: [clips, k].
    """
    labels = table["label"].to_numpy(object)
    is_same = (labels[neighbors] == labels[:, None]) & (neighbors >= 0)
    support = np.where(is_same, similarity, 0).sum(axis=1)
    p_wrong = judgment.p_wrong.round(DIGITS)
    table = table.assign(suggested=judgment.suggested, p_wrong=p_wrong)
    return table.iloc[np.lexsort([support, -p_wrong])]


def most_suspicious(table: pd.DataFrame, n: int = N_SUSPICIOUS) -> list[SuspiciousLabel]:
    """Return the first labels of a table `by_suspicion` that nobody has decided on."""
    first = table[table["decision"] == UNDECIDED].head(n)
    return [_suspicious(row) for _, row in first.iterrows()]


def _suspicious(row: pd.Series) -> SuspiciousLabel:
    start_s, end_s = (None if np.isnan(row[name]) else float(row[name]) for name in CLIP[1:])
    return SuspiciousLabel(
        row["path"], start_s, end_s, row["label"], row["suggested"], float(row["p_wrong"])
    )
