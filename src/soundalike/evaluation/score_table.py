"""A table of scores: one row for each protocol and representation, on the same test clips."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from soundalike.evaluation.average_precision import average_precisions
from soundalike.evaluation.intervals import bootstrap_interval
from soundalike.evaluation.metrics import confusion_matrix, per_class_recall, score


@dataclass(frozen=True)
class ScoreRow:
    """The scores of one representation under one protocol.

    Args:
        protocol: how clips were classified, such as "linear".
        representation: what was classified, such as "pretrained encoder".
        score: metric of the labels, see `metric_name`.
        interval: 95% confidence interval of the score over recordings.
        per_class: recall or average precision of each class that has test clips.
        accuracy: fraction of correct clips, for clips with one label.
        confusion: number of clips by true class (rows) and predicted class (columns), for clips
            with one label.
    """

    protocol: str
    representation: str
    score: float
    interval: list[float]
    per_class: dict[str, float]
    accuracy: float | None = None
    confusion: list[list[int]] | None = None


def score_table(
    labels: np.ndarray,
    scores: Mapping[tuple[str, str], np.ndarray],
    classes: list[str],
    seed: int = 0,
    recordings: np.ndarray | None = None,
) -> list[ScoreRow]:
    """Return a row of metrics for each protocol and representation.

    Args:
        labels: labels of the test clips.
        scores: class scores of the test clips, by protocol and representation.
        classes: names of the classes.
        seed: random seed of the bootstrap.
        recordings: which recording each test clip is of, see `bootstrap_interval`.

    Shape:
        labels: [clips] or [clips, classes]; each array of scores: [clips, classes]; recordings:
        [clips].
    """
    rows = []
    for (protocol, representation), class_scores in scores.items():
        if labels.ndim == 2:
            confusion = None
            per_class = average_precisions(labels, class_scores)
        else:
            confusion = confusion_matrix(labels, class_scores.argmax(axis=1), len(classes))
            per_class = per_class_recall(confusion)
        of_classes = zip(classes, per_class.tolist(), strict=True)
        rows.append(
            ScoreRow(
                protocol,
                representation,
                score(labels, class_scores),
                list(
                    bootstrap_interval(
                        score, labels, class_scores, seed=seed, recordings=recordings
                    )
                ),
                {name: value for name, value in of_classes if not np.isnan(value)},
                None if confusion is None else float(confusion.trace() / confusion.sum()),
                None if confusion is None else confusion.tolist(),
            )
        )
    return rows
