"""One row for every way in which the same test clips were classified."""

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
    """Score the test clips' class scores, each way of classifying them in a row.

    Args:
        labels: true class of each test clip, or 0 and 1 for each class where clips have several.
        scores: class scores by protocol and representation.
        classes: names of the classes.
        seed: of the bootstrap.

    Returns:
        Plain values: `protocol` and `representation`; `score` (see `metric_name`) and its 95 %
        `interval` over clips; `per_class`, recall or average precision; and where a clip has one
        label, `accuracy` and the `confusion` matrix, true classes in rows.

    Shape:
        labels: [clips] or [clips, classes]; every array of scores: [clips, classes].
    """
    return [
        {"protocol": protocol, "representation": representation}
        | _row(labels, found, classes, seed)
        for (protocol, representation), found in scores.items()
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
    known = {name: float(value) for name, value in zip(classes, per_class, strict=True)}
    return row | {"per_class": {name: value for name, value in known.items() if value == value}}
