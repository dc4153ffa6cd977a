"""From vectors, labels and decisions to the probability that each label is wrong."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.audit.confusions import NOTHING, confusions
from soundalike.audit.labels_file import decided_labels
from soundalike.datasets.labels import Labels, classes_of
from soundalike.downstream.clip_vectors import ClipVectors
from soundalike.evaluation.clean_label_sets import CleanLabelSets, clean_label_sets
from soundalike.evaluation.clean_labels import CleanLabels, clean_label_posterior

FEWEST = 2  # clips of a confusion that is worth a sentence
SMALLEST_SHARE = 0.05  # of the class


@dataclass(frozen=True)
class Judgment:
    """What is wrong with the labels of clips.

    Args:
        classes: names of the classes.
        p_wrong: probability that the label of a clip is wrong; of several, that one of them is
            wrong or missing.
        suggested: the most probable label if it is.
        n_wrong: expected number of clips with a wrong label.
        interval: of the number, 95%.
        findings: what is mistaken for what, a sentence each.
        noise_counts: expected number of clips by true class and label; a last row for none of the
            classes. Empty for clips with several labels.

    Shape:
        p_wrong: [clips]; noise_counts: [classes + 1, classes].
    """

    classes: list[str]
    p_wrong: NDArray[np.float64]
    suggested: list[str]
    n_wrong: float
    interval: tuple[float, float]
    findings: list[str]
    noise_counts: NDArray[np.float64]


def judge(
    vectors: ClipVectors, table: pd.DataFrame, recordings: NDArray[np.int64], seed: int = 0
) -> Judgment:
    """Return what is wrong with the labels of a table, in its order.

    A label with the decision "keep" or "relabel" is right: it is learned from, with the new label.
    A clip that is dropped, or relabeled without a label, takes no part.

    Args:
        vectors: of the clips.
        table: the table of labels, see `labels_file`.
        recordings: which recording each clip is of.
        seed: random seed of the folds and the interval.

    Shape:
        recordings: [clips].
    """
    right = decided_labels(table)
    both = pd.concat([table["label"], right])
    classes = sorted({name for label in both.unique() for name in classes_of(label)})
    labels = Labels.from_names(both, classes)  # of one kind, whatever was decided
    part = np.flatnonzero(right != "")
    labels = labels.select(len(table) + part)
    is_verified = (table["decision"] != "").to_numpy()
    arrays = vectors.vectors[part], labels.values, recordings[part]
    suggested = table["label"].to_numpy(object, copy=True)
    if labels.is_multi_label:
        sets = clean_label_sets(*arrays, is_verified=is_verified[part], seed=seed)
        suggested[part] = _suggested_sets(sets, labels)
        findings = _findings(*_missing_and_extra(sets, labels), classes)
        rate, interval, p_wrong = sets.noise_rate, sets.interval, sets.p_any_wrong
        counts = np.zeros((0, 0))
    else:
        clean = clean_label_posterior(
            *arrays,
            n_classes=len(classes),
            background=vectors.background,
            is_verified=is_verified[part],
            seed=seed,
        )
        suggested[part] = _suggested_classes(clean, labels)
        totals = clean.counts.sum(axis=1), clean.counts.sum(axis=0)
        findings = _findings(clean.counts, *totals, classes)
        rate, interval, p_wrong = clean.noise_rate, clean.interval, clean.p_wrong
        counts = clean.counts
    was_wrong = (right != table["label"]).to_numpy()
    everywhere = np.where(is_verified & was_wrong, 1.0, 0.0)
    everywhere[part] = np.where(is_verified[part], everywhere[part], p_wrong)
    n_open, n_known = int((~is_verified).sum()), int((is_verified & was_wrong).sum())
    low, high = (n_known + n_open * end for end in interval)
    return Judgment(
        classes, everywhere, list(suggested), n_known + n_open * rate, (low, high), findings, counts
    )


def _findings(
    counts: NDArray[np.floating],
    n_true: NDArray[np.floating],
    n_labeled: NDArray[np.floating],
    classes: list[str],
) -> list[str]:
    """Return what is mistaken for what; the row, and the column, after the classes is `NOTHING`."""
    names = [*classes, NOTHING]
    results = confusions(
        counts, names, n_true, n_labeled, fewest=FEWEST, least_share=SMALLEST_SHARE
    )
    return [str(each) for each in results]


def _missing_and_extra(
    sets: CleanLabelSets, labels: Labels
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the classes that are missing and too many as confusions with `NOTHING`.

    Returns:
        Counts, [classes + 1, classes + 1], number of clips by true class, and by label.
    """
    counts = np.zeros((labels.n_classes + 1, labels.n_classes + 1))
    counts[:-1, -1], counts[-1, :-1] = sets.n_missing, sets.n_extra
    n_labeled = np.append((labels.values == 1).sum(axis=0), 0.0)
    return counts, n_labeled - counts[-1] + counts[:, -1], n_labeled


def _suggested_classes(clean: CleanLabels, labels: Labels) -> list[str]:
    """Return the most probable other class of each clip, "" where it is none of the classes."""
    others = clean.posterior.copy()
    others[np.arange(len(labels)), labels.values] = -1
    is_outside = clean.p_outside > others.max(axis=1)
    best = others.argmax(axis=1)
    pairs = zip(best, is_outside, strict=True)
    return ["" if outside else labels.classes[each] for each, outside in pairs]


def _suggested_sets(sets: CleanLabelSets, labels: Labels) -> list[str]:
    """Return the labels of each clip without its probable errors, at least without one."""
    is_error = sets.p_wrong > 0.5
    is_error[np.arange(len(labels)), sets.p_wrong.argmax(axis=1)] = True
    rows = (labels.values == 1) != is_error
    names = np.array(labels.classes, dtype=object)
    return [";".join(names[row]) for row in rows]
