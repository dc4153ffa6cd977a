"""What cleaning gave: the same classifier before and after the decisions, on the same clips."""

import functools
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.audit.labels_file import decided_labels, keys
from soundalike.datasets.clips import SourceError
from soundalike.datasets.labels import Labels
from soundalike.datasets.splits import Split
from soundalike.datasets.store import Store
from soundalike.downstream.cross_validation import cross_validate
from soundalike.downstream.features import Features
from soundalike.downstream.linear import fit_linear
from soundalike.evaluation.intervals import bootstrap_interval
from soundalike.evaluation.metrics import METRIC_NAMES, score


@dataclass(frozen=True)
class Comparison:
    """Scores of a linear classifier that was trained before and after cleaning.

    Both are tested on the same clips, out of fold: those whose label no decision has changed. Some
    of these labels may still be wrong, for both alike.

    Args:
        metric: name of the score.
        n_changed: labels that were replaced, and clips that were dropped.
        n_tested: clips that test.
        before, after: scores, from 0 to 1.
        gain: after - before.
        interval: of the gain, 95%, over recordings.
    """

    metric: str
    n_changed: int
    n_tested: int
    before: float
    after: float
    gain: float
    interval: tuple[float, float]


def compare(
    features: Features,
    store: Store,
    splits: list[Split],
    decisions: pd.DataFrame,
    seed: int = 0,
) -> Comparison:
    """Train a linear classifier in every split before and after the decisions, and test both.

    Args:
        features: of the labeled clips of the source, with its labels.
        store: these clips.
        splits: the rounds, as `evaluation_splits` makes them.
        decisions: the table of labels, see `labels_file`.
        seed: random seed of the classifiers and the interval.

    Raises:
        SourceError: no decision changes a label, or no clip is left to test.
    """
    new_label = dict(zip(keys(decisions), decided_labels(decisions), strict=True))
    rows = store.clips.rows
    before = rows["label"]
    pairs = zip(keys(rows), before, strict=True)
    after = pd.Series([new_label.get(key, label) for key, label in pairs], rows.index, dtype=object)
    is_changed = (before != after).to_numpy()
    if not is_changed.any():
        raise SourceError("no decision changes a label, so there is nothing to compare.")
    classes = sorted({*store.clips.classes, *_classes(after)})
    both = Labels.from_names(pd.concat([before, after]), classes)  # of one kind
    is_dropped = (after == "").to_numpy()

    rounds = [
        (
            replace(split, test=split.test[~is_changed[split.test]]),
            Split(
                split.name,
                split.train[~is_dropped[split.train]],
                split.validation[~is_dropped[split.validation]],
                split.test[~is_changed[split.test]],
            ),
        )
        for split in splits
        if not is_changed[split.test].all()
    ]
    if not rounds:
        raise SourceError("every clip has a changed label, so none is left to test.")
    fit = functools.partial(fit_linear, seed=seed)
    results = [
        cross_validate(
            replace(features, labels=labels, background=None),
            fit,
            [each[number] for each in rounds],
        )
        for number, labels in enumerate(
            (both.select(np.arange(len(rows))), both.select(len(rows) + np.arange(len(rows))))
        )
    ]
    tested = results[0].clips
    return _comparison(
        both.values[tested],
        results[0].scores,
        results[1].scores,
        features.recordings[tested],
        int(is_changed.sum()),
        seed,
    )


def _comparison(
    labels: NDArray,
    before: NDArray[np.floating],
    after: NDArray[np.floating],
    recordings: NDArray[np.int64],
    n_changed: int,
    seed: int,
) -> Comparison:
    def gain(truth: NDArray, scores: NDArray[np.floating], others: NDArray[np.floating]) -> float:
        return score(truth, others) - score(truth, scores)

    interval = bootstrap_interval(gain, labels, before, after, seed=seed, recordings=recordings)
    return Comparison(
        METRIC_NAMES[labels.ndim],
        n_changed,
        len(labels),
        score(labels, before),
        score(labels, after),
        gain(labels, before, after),
        interval,
    )


def _classes(labels: pd.Series) -> set[str]:
    return {name for label in labels.unique() for name in label.split(";") if name}
