"""Which classes are labeled as which others, as far as the table of an audit says.

The true label of a clip is what was decided; before that, the suggestion if the label is more
likely wrong than right, and none of the classes if nothing is suggested. If clips have several
labels, one that is missing and one too many are a confusion; without the other, it is one with
`NOTHING`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from soundalike.audit.confusions import NOTHING, confusions
from soundalike.audit.labels_text import DROP, UNDECIDED
from soundalike.audit.neighbor_votes import current_label
from soundalike.datasets.labels import classes_of
from soundalike.evaluation.class_order import order_by_confusion

THRESHOLD = 0.5  # above this probability of being wrong, a label is suspicious
MOST_CLASSES = 40  # in the table; those with the most confusions


@dataclass(frozen=True)
class ConfusionTable:
    """The classes that are confused.

    Args:
        classes: in an order in which those that are confused stand together.
        counts: number of clips by true class (rows) and label (columns).
        sentences: the confusions in words, the most frequent first.

    Shape:
        counts: [classes, classes].
    """

    classes: list[str]
    counts: list[list[int]]
    sentences: list[str]


def confusion_table(rows: pd.DataFrame) -> ConfusionTable:
    """Return the confusions of a table; see `LabelsText.table`."""
    records = rows[["label", "suggested", "p_wrong", "decision", "new_label"]].to_dict("records")
    clips = [
        (truth, set(classes_of(row["label"])))
        for row in records
        if (truth := _true_classes(row)) is not None
    ]
    names = sorted({NOTHING}.union(*(truth | labels for truth, labels in clips)))
    number = {name: position for position, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), int)
    n_true, n_labeled = np.zeros(len(names), int), np.zeros(len(names), int)
    for truth, labels in clips:
        missing, extra = truth - labels or {NOTHING}, labels - truth or {NOTHING}
        same = [(name, name) for name in truth & labels]
        for true, label in [*same, *product(missing, extra)]:
            counts[number[true], number[label]] += 1
        n_true[[number[name] for name in truth]] += 1
        n_labeled[[number[name] for name in labels]] += 1
    counts[number[NOTHING], number[NOTHING]] = 0  # clips that are labeled right

    wrong = counts - np.diag(np.diag(counts))
    sentences = [str(each) for each in confusions(counts, names, n_true, n_labeled)]
    n_wrong = wrong.sum(axis=0) + wrong.sum(axis=1)
    best = np.argsort(-n_wrong, kind="stable")[: min(MOST_CLASSES, np.count_nonzero(n_wrong))]
    order = best[order_by_confusion(counts[np.ix_(best, best)])]
    return ConfusionTable(
        [names[each] for each in order], counts[np.ix_(order, order)].tolist(), sentences
    )


def _true_classes(row: Mapping[str, Any]) -> set[str] | None:
    """Return the classes of a clip as far as they are known; None if it is dropped."""
    if row["decision"] == DROP:
        return None
    label, p_wrong = current_label(row)
    is_suspicious = row["decision"] == UNDECIDED and p_wrong > THRESHOLD
    return set(classes_of(row["suggested"] if is_suspicious else label))
