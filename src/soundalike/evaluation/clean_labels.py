"""Which class a labeled clip truly has, from its sound and its label.

Labels may be wrong. In turn, a classifier is fitted to soft labels, out of fold; a noise matrix is
fitted to its probabilities and the labels (`noise_model`); and both give new soft labels. So do
several classifiers (`label_cleaner`); the more likely one makes the labels, the more it counts. The
probabilities of each are calibrated by the power and offset at which the labels are most likely.
Clips of one recording are in one fold, so that they do not testify for each other. Which clips are
in a fold together is chance, and changes much where clips are few: they are divided several times,
and the classifiers' log-probabilities averaged.

Vectors are [clips, dim], of unit length; labels [clips], one class each.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundalike.evaluation.folds import repeated_folds
from soundalike.evaluation.intervals import mean_share_interval
from soundalike.evaluation.label_cleaner import clean_by_all, cleaners
from soundalike.evaluation.noise_model import label_counts

N_FOLDS, N_PARTITIONS = 10, 3
MANY_CLIPS = 10_000  # from which they are divided once, into half as many folds
SMALLEST = 1e-12


@dataclass(frozen=True)
class CleanLabels:
    """The true classes of clips, as probabilities.

    Args:
        posterior: probability of each class, the sound and the label known. A row sums to one,
            together with `p_outside`: the soft labels of a classifier that tolerates wrong labels.
        p_outside: probability that the sound is none of the classes.
        p_wrong: probability that the label is wrong.
        noise_matrix: probability of each label for sounds of each class, and, in the last row, for
            sounds of none.
        counts: expected number of clips by true class, or none, and label.
        noise_rate: expected share of wrong labels among clips that are not verified.
        interval: of this share, 95%, as wide as the number of clips and the disagreement of the
            classifiers make it.

    Shape:
        posterior: [clips, classes]; p_outside, p_wrong: [clips]; noise_matrix, counts: [classes +
        1, classes].
    """

    posterior: NDArray[np.float64]
    p_outside: NDArray[np.float64]
    p_wrong: NDArray[np.float64]
    noise_matrix: NDArray[np.float64]
    counts: NDArray[np.float64]
    noise_rate: float
    interval: tuple[float, float]


def clean_label_posterior(
    vectors: NDArray[np.float32],
    labels: NDArray[np.integer],
    recordings: NDArray[np.int64] | None = None,
    *,
    n_classes: int | None = None,
    background: NDArray[np.float32] | None = None,
    is_verified: NDArray[np.bool_] | None = None,
    seed: int = 0,
) -> CleanLabels:
    """Return the probability of each class of each clip, from its sound and its label.

    Args:
        vectors: of the clips.
        labels: their labels.
        recordings: which recording each clip is of; by default each is one.
        n_classes: number of classes; by default the highest label + 1.
        background: vectors of sounds of none of the classes.
        is_verified: labels that are known to be right; they are learned from, and say nothing about
            the others' errors.
        seed: random seed of the folds.

    Shape:
        vectors: [clips, dim]; labels, recordings, is_verified: [clips]; background: [sounds, dim].
    """
    n_classes = int(labels.max()) + 1 if n_classes is None else n_classes
    if is_verified is None:
        is_verified = np.zeros(len(labels), dtype=bool)
    as_they_are = np.eye(n_classes, n_classes + 1)[labels][None], np.ones(1)
    if is_verified.all():
        return _clean_labels(*as_they_are, labels, is_verified)
    how_often = (N_FOLDS, N_PARTITIONS) if len(labels) < MANY_CLIPS else (N_FOLDS // 2, 1)
    fold = repeated_folds(labels, *how_often, seed, recordings)
    if fold.max() < 1:  # nothing can be held out
        return _clean_labels(*as_they_are, labels, is_verified)
    ways = cleaners(vectors, fold, n_classes, background)
    of_each, weights = clean_by_all(ways, labels, is_verified)
    posteriors = np.zeros((len(ways), len(labels), n_classes + 1))
    posteriors[:, :, : of_each.shape[2]] = of_each
    return _clean_labels(posteriors, weights, labels, is_verified)


def _clean_labels(
    posteriors: NDArray[np.float64],
    weights: NDArray[np.float64],
    labels: NDArray[np.integer],
    is_verified: NDArray[np.bool_],
) -> CleanLabels:
    """Return what follows from posteriors of the true classes, [ways, clips, true classes]."""
    clips, n_classes = np.arange(len(labels)), posteriors.shape[2] - 1
    wrong_by_each = np.where(is_verified, 0.0, (1 - posteriors[:, clips, labels]).clip(min=0))
    n_open = int((~is_verified).sum())
    shares = wrong_by_each.sum(axis=1) / max(1, n_open)
    posterior = np.tensordot(weights, posteriors, axes=1)
    counts = label_counts(posterior, labels, n_classes)
    return CleanLabels(
        posterior[:, :n_classes],
        posterior[:, n_classes],
        weights @ wrong_by_each,
        (counts + SMALLEST) / (counts + SMALLEST).sum(axis=1, keepdims=True),
        counts,
        float(weights @ shares),
        mean_share_interval(shares, weights, n_open),
    )
