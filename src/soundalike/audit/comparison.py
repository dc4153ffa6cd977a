"""What cleaning gave: the same classifiers before and after the decisions, on the same clips."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.audit.labels_file import decided_labels, keys
from soundalike.datasets.clips import SourceError
from soundalike.datasets.labels import Labels, classes_of
from soundalike.datasets.splits import Split
from soundalike.datasets.store import Store
from soundalike.datasets.verified import verified_rows
from soundalike.downstream.cross_validation import cross_validate
from soundalike.downstream.features import Features
from soundalike.downstream.linear import fit_linear
from soundalike.downstream.soft_labels import fit_soft_labels
from soundalike.evaluation.intervals import bootstrap_interval
from soundalike.evaluation.metrics import METRIC_NAMES, score

METHODS = {"logistic regression": fit_linear, "soft labels": fit_soft_labels}


@dataclass(frozen=True)
class Comparison:
    """Scores of a linear classifier that was trained before and after cleaning.

    Both are tested on the same clips, out of fold: those whose label no decision has changed. Some
    of these labels may still be wrong, for both alike.

    Args:
        method: what was trained.
        metric: name of the score.
        n_changed: labels that were replaced, and clips that were dropped.
        n_tested: clips that test.
        before, after: scores, from 0 to 1.
        gain: after - before.
        interval: of the gain, 95%, over recordings.
    """

    method: str
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
) -> list[Comparison]:
    """Train linear classifiers in every split before and after the decisions, and test both.

    One is logistic regression. One is fitted to soft labels, which tolerate wrong labels and take
    those for right that a person has decided on.

    Args:
        features: of the labeled clips of the source, with its labels.
        store: these clips.
        splits: the rounds, as `evaluation_splits` makes them.
        decisions: the table of labels, see `labels_file`.
        seed: random seed of the classifiers and the interval.

    Raises:
        SourceError: no decision changes a label, or no clip is left to test.
    """
    rows = store.clips.rows
    new_label = dict(zip(keys(decisions), decided_labels(decisions), strict=True))
    before = rows["label"]
    after = pd.Series(map(new_label.get, keys(rows), before), rows.index, dtype=object)
    is_changed, is_dropped = (before != after).to_numpy(), (after == "").to_numpy()
    if not is_changed.any():
        raise SourceError("no decision changes a label, so there is nothing to compare.")
    old_splits = [replace(split, test=split.test[~is_changed[split.test]]) for split in splits]
    old_splits = [split for split in old_splits if len(split.test)]
    if not old_splits:
        raise SourceError("every clip has a changed label, so none is left to test.")
    new_splits = [
        replace(
            split,
            train=split.train[~is_dropped[split.train]],
            validation=split.validation[~is_dropped[split.validation]],
        )
        for split in old_splits
    ]
    decided = set(keys(decisions[decisions["decision"] != ""]))
    is_decided = np.array([key in decided for key in keys(rows)])
    old, new = _labels(before, after, verified_rows(rows), is_decided)
    tested = np.concatenate([split.test for split in old_splits])
    truth, recordings = old.values[tested], features.recordings[tested]
    results = []
    for method, fit in METHODS.items():
        scores, others = (
            cross_validate(replace(features, labels=labels), partial(fit, seed=seed), rounds).scores
            for labels, rounds in ((old, old_splits), (new, new_splits))
        )
        n_changed = int(is_changed.sum())
        results.append(_comparison(method, truth, scores, others, recordings, n_changed, seed))
    return results


def _labels(
    before: pd.Series,
    after: pd.Series,
    is_verified: NDArray[np.bool_],
    is_decided: NDArray[np.bool_],
) -> tuple[Labels, Labels]:
    """Return the labels before and after the decisions, of one kind and with the same classes."""
    both = pd.concat([before, after])
    classes = sorted({name for label in both.unique() for name in classes_of(label)})
    labels, clips = Labels.from_names(both, classes), np.arange(len(before))
    old, new = labels.select(clips), labels.select(len(before) + clips)
    return (
        replace(old, is_verified=is_verified),
        replace(new, is_verified=is_verified | is_decided),
    )


def _comparison(
    method: str,
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
        method,
        METRIC_NAMES[labels.ndim],
        n_changed,
        len(labels),
        score(labels, before),
        score(labels, after),
        gain(labels, before, after),
        interval,
    )
