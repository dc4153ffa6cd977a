"""A table of scores: one row for each protocol and representation, on the same test clips."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from soundalike.evaluation.average_precision import average_precisions
from soundalike.evaluation.intervals import bootstrap_distribution
from soundalike.evaluation.metrics import confusion_matrix, per_class_recall, score

INTERVAL = [2.5, 97.5]  # percentiles
PRETRAINED = "pretrained encoder"  # the representation that the others are baselines of


@dataclass(frozen=True)
class ScoreRow:
    """The scores of one representation under one protocol.

    Args:
        protocol: how clips were classified, such as "linear".
        representation: what was classified, such as "pretrained encoder".
        score: metric of the labels, see `METRIC_NAMES`.
        interval: 95% confidence interval of the score over recordings; the exact one (Clopper and
            Pearson 1934) if every clip is right.
        per_class: recall or average precision of each class that has test clips.
        accuracy: fraction of correct clips, for clips with one label.
        confusion: number of clips by true class (rows) and predicted class (columns), for clips
            with one label.
        lead: score of the model minus this one; None in the row of the model itself.
        lead_interval: 95% confidence interval of the lead, paired: both on the same recordings.
        n_differing: number of recordings that tell the two apart. With one label per clip, these
            are the recordings of clips that only one of the two gets right.
    """

    protocol: str
    representation: str
    score: float
    interval: list[float]
    per_class: dict[str, float]
    accuracy: float | None = None
    confusion: list[list[int]] | None = None
    lead: float | None = None
    lead_interval: list[float] | None = None
    n_differing: int | None = None


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
    recordings = np.arange(len(labels)) if recordings is None else recordings
    draws = {
        key: bootstrap_distribution(score, labels, of_key, seed=seed, recordings=recordings)
        for key, of_key in scores.items()
    }
    outcomes = {
        key: of_key if labels.ndim == 2 else (of_key.argmax(axis=1) == labels)[:, None]
        for key, of_key in scores.items()
    }
    rows = []
    for key, class_scores in scores.items():
        if labels.ndim == 2:
            confusion = None
            per_class = average_precisions(labels, class_scores)
        else:
            confusion = confusion_matrix(labels, class_scores.argmax(axis=1), len(classes))
            per_class = per_class_recall(confusion)
        own_score, model, paired = score(labels, class_scores), (key[0], PRETRAINED), {}
        if model in scores and key != model:
            differs = (outcomes[model] != outcomes[key]).any(axis=1)
            paired = {
                "lead": score(labels, scores[model]) - own_score,
                "lead_interval": np.percentile(draws[model] - draws[key], INTERVAL).tolist(),
                "n_differing": len(np.unique(recordings[differs])),
            }
        interval = np.percentile(draws[key], INTERVAL).tolist()
        if labels.ndim == 1 and own_score == 1:  # and so is that of every resample
            # `binomial_interval` of n of n, in closed form
            interval[0] = 0.025 ** (1 / len(np.unique(recordings)))
        of_classes = zip(classes, per_class.tolist(), strict=True)
        rows.append(
            ScoreRow(
                *key,
                own_score,
                interval,
                {name: value for name, value in of_classes if not np.isnan(value)},
                None if confusion is None else float(confusion.trace() / confusion.sum()),
                None if confusion is None else confusion.tolist(),
                **paired,
            )
        )
    return rows
