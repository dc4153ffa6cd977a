"""A table of scores: one row for each protocol and representation, on the same test clips."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from soundalike.evaluation.average_precision import average_precisions
from soundalike.evaluation.intervals import bootstrap_interval
from soundalike.evaluation.metrics import accuracy, confusion_matrix, per_class_recall, score


def score_table(
    labels: np.ndarray,
    scores: Mapping[tuple[str, str], np.ndarray],
    classes: list[str],
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Return a row of metrics for each protocol and representation.

    Args:
        labels: labels of the test clips.
        scores: class scores of the test clips, by protocol and representation.
        classes: names of the classes.
        seed: random seed of the bootstrap.

    Returns:
        Rows of plain values: `protocol` and `representation`; `score` (see `metric_name`) and its
        95 % `interval` over clips; `per_class`, the recall or average precision of each class that
        occurs; and, for clips with one label, `accuracy` and the `confusion` matrix with true
        classes in rows.

    Shape:
        labels: [clips] or [clips, classes]; each array of scores: [clips, classes].
    """
    return [
        {"protocol": protocol, "representation": representation}
        | _row(labels, clip_scores, classes, seed)
        for (protocol, representation), clip_scores in scores.items()
    ]


def _row(labels: np.ndarray, scores: np.ndarray, classes: list[str], seed: int) -> dict[str, Any]:
    row = {
        "score": score(labels, scores),
        "interval": list(bootstrap_interval(score, labels, scores, seed=seed)),
    }
    if labels.ndim == 2:
        per_class = average_precisions(labels, scores)
    else:
        predictions = scores.argmax(axis=1)
        per_class = per_class_recall(labels, predictions, len(classes))
        row["accuracy"] = accuracy(labels, predictions)
        row["confusion"] = confusion_matrix(labels, predictions, len(classes)).tolist()
    of_classes = zip(classes, per_class.tolist(), strict=True)
    return row | {"per_class": {name: value for name, value in of_classes if not np.isnan(value)}}
