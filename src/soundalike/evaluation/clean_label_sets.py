"""Which classes a clip truly has, from its sound and its labels, where clips have several.

A label may be missing, or one too many. Each class has its own two error rates, and the steps are
those of `clean_labels`: a classifier is fitted to soft labels, out of fold; the error rates at
which the labels are most likely are found; and both give new soft labels.

Labels, probabilities and log-odds are [clips, classes].
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from soundalike.evaluation.folds import stratified_folds
from soundalike.evaluation.intervals import binomial_interval
from soundalike.evaluation.soft_label_regression import SoftLabelRegression

N_FOLDS, N_ROUNDS, N_STEPS = 5, 4, 20
PRECISION = 0.1
POWERS = np.geomspace(0.3, 4.0, 12)
SPREAD = 0.5  # standard deviation of the logarithm of the power, before anything is known
# Error rates that are expected before anything is known, and the strength of this in clips.
EXPECTED_MISSING, EXPECTED_EXTRA, STRENGTH = 0.1, 0.02, 5.0
SMALLEST = 1e-6


@dataclass(frozen=True)
class CleanLabelSets:
    """The true classes of clips, as probabilities.

    Args:
        posterior: probability that the clip has the class, the sound and the labels known.
        p_wrong: probability that the class is missing in the labels, or too many.
        p_any_wrong: probability that any of the labels of the clip is wrong or missing.
        n_missing: expected number of clips that have a class without its label.
        n_extra: expected number of clips that have the label without the class.
        noise_rate: expected share of clips with an error, of those that are not verified.
        interval: of this share, 95%.

    Shape:
        posterior, p_wrong: [clips, classes]; p_any_wrong: [clips]; n_missing, n_extra: [classes].
    """

    posterior: NDArray[np.float64]
    p_wrong: NDArray[np.float64]
    p_any_wrong: NDArray[np.float64]
    n_missing: NDArray[np.float64]
    n_extra: NDArray[np.float64]
    noise_rate: float
    interval: tuple[float, float]


def clean_label_sets(
    vectors: NDArray[np.float32],
    labels: NDArray[np.floating],
    recordings: NDArray[np.int64] | None = None,
    *,
    is_verified: NDArray[np.bool_] | None = None,
    seed: int = 0,
) -> CleanLabelSets:
    """Return the probability that each clip has each class, from its sound and its labels.

    Args:
        vectors: of the clips, of unit length.
        labels: 1 for each class of a clip, otherwise 0.
        recordings: which recording each clip is of; by default each is one.
        is_verified: clips whose labels are known to be right; they are learned from.
        seed: random seed of the folds.

    Shape:
        vectors: [clips, dim]; labels: [clips, classes]; recordings, is_verified: [clips].
    """
    n_clips, n_classes = labels.shape
    if is_verified is None:
        is_verified = np.zeros(n_clips, dtype=bool)
    has_label, is_open = labels == 1, ~is_verified
    posterior = labels.astype(np.float64)
    if is_open.any():
        fold = stratified_folds(has_label.astype(np.int64), N_FOLDS, seed, recordings)
        regression = SoftLabelRegression.of(
            vectors, fold, n_classes, PRECISION, is_multi_label=True
        )
        for _ in range(N_ROUNDS):
            log_odds = regression.log_probabilities(posterior)
            posterior = _posterior(log_odds, has_label, is_open)
            posterior[is_verified] = labels[is_verified]
    p_wrong = np.where(has_label, 1 - posterior, posterior)
    p_any_wrong = 1 - np.prod(1 - p_wrong, axis=1)
    n_open, n_wrong = int(is_open.sum()), float(p_any_wrong[is_open].sum())
    return CleanLabelSets(
        posterior,
        p_wrong,
        p_any_wrong,
        np.where(has_label, 0, p_wrong).sum(axis=0),
        np.where(has_label, p_wrong, 0).sum(axis=0),
        n_wrong / max(1, n_open),
        binomial_interval(round(n_wrong), n_open),
    )


def _posterior(
    log_odds: NDArray[np.float64], has_label: NDArray[np.bool_], is_open: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the probability of each class at the error rates that make the labels most likely."""
    fits = [_fit_rates(power * log_odds, has_label, is_open, power) for power in POWERS]
    return max(fits, key=lambda fit: fit[0])[1]


def _fit_rates(
    log_odds: NDArray[np.float64],
    has_label: NDArray[np.bool_],
    is_open: NDArray[np.bool_],
    power: float,
) -> tuple[float, NDArray[np.float64]]:
    """Return the log likelihood of the labels and the rates, and the posterior."""
    missing = np.full(has_label.shape[1], EXPECTED_MISSING)
    extra = np.full(has_label.shape[1], EXPECTED_EXTRA)
    has_open, without_open = has_label & is_open[:, None], ~has_label & is_open[:, None]
    for _ in range(N_STEPS):
        evidence = np.where(has_label, np.log((1 - missing) / extra), np.log(missing / (1 - extra)))
        posterior = expit(log_odds + evidence)
        n_with = (posterior * is_open[:, None]).sum(axis=0)
        n_without = is_open.sum() - n_with
        n_missing = np.where(without_open, posterior, 0).sum(axis=0)
        n_extra = np.where(has_open, 1 - posterior, 0).sum(axis=0)
        missing = (n_missing + STRENGTH * EXPECTED_MISSING) / (n_with + STRENGTH)
        extra = (n_extra + STRENGTH * EXPECTED_EXTRA) / (n_without + STRENGTH)
        missing, extra = (rate.clip(SMALLEST, 0.5) for rate in (missing, extra))
    p = expit(log_odds)
    p_label = p * (1 - missing) + (1 - p) * extra
    likely = np.where(has_label, p_label, 1 - p_label)[is_open]
    objective = np.log(likely.clip(min=SMALLEST)).sum() - (np.log(power) / SPREAD) ** 2 / 2
    for rate, expected in ((missing, EXPECTED_MISSING), (extra, EXPECTED_EXTRA)):
        prior = expected * np.log(rate) + (1 - expected) * np.log(1 - rate)
        objective += STRENGTH * prior.sum()
    return float(objective), posterior
