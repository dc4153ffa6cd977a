"""Expectation maximization over the true classes of labeled clips, by several classifiers.

Each classifier, with a power that sharpens which class it says, is a way to clean labels. Which is
best depends on the clips: normal distributions where classes are clusters, logistic regression
where they are not. The likelihood of the labels of held-out clips tells, so that the mean of their
results is weighted by it. Where they are equally good, each has errors of its own, and their mean
is better than any.

The power does not sharpen whether a sound is any of the classes. Where classes are mistaken for
each other, sharper classes are what makes the rounds leave the wrong labels behind. Sounds of none
of the classes, a minority everywhere, would vanish.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, logsumexp, softmax

from soundalike.evaluation.gaussian_classes import GaussianClasses
from soundalike.evaluation.noise_model import (
    OFFSETS,
    expected_matrix,
    fit_noise_model,
    label_log_likelihood,
)
from soundalike.evaluation.soft_label_regression import SoftLabelRegression

N_ROUNDS = 12
# A way has the weight of the likelihood of so many labels. That of all would leave one way only,
# since the labels are far from independent of each other: wrong ones are alike.
N_LABELS_OF_WEIGHT = 20
AXES, GAUSSIAN_POWER = (48, 96), 0.3
PRECISION, REGRESSION_POWER = 0.1, 2**0.5
POWERS = np.geomspace(0.1, 4.0, 10)  # to judge a result by
FEWEST_SOUNDS = 50  # in a background


class SoftLabelClassifier(Protocol):
    """A classifier that is fitted to soft labels."""

    @property
    def held_out(self) -> NDArray[np.bool_]:
        """Which clips each of its fits leaves out: [fits, clips]."""
        ...

    def log_probabilities(self, soft_labels: NDArray[np.floating], /) -> NDArray[np.float64]:
        """Return the log-probabilities of each clip, out of fold: [clips, true classes]."""
        ...


@dataclass(frozen=True)
class Cleaned:
    """What expectation maximization ended with.

    Args:
        posterior: probability of each true class of each clip, [clips, true classes].
        likelihood: mean log likelihood of the labels of held-out clips.
    """

    posterior: NDArray[np.float64]
    likelihood: float


@dataclass(frozen=True)
class Cleaner:
    """A way to clean labels.

    Args:
        classifier: fitted to soft labels.
        power: of its probabilities of the classes.
        n_classes: number of classes.
        n_true: one more if "none of the classes" is a true class.
    """

    classifier: SoftLabelClassifier
    power: float
    n_classes: int
    n_true: int

    def clean(self, labels: NDArray[np.integer], is_verified: NDArray[np.bool_]) -> Cleaned:
        """Return the true classes of clips with these labels.

        The rounds have a fixed power, so that they are stable; the result has the power, and the
        share of sounds of none of the classes, at which the labels are most likely.

        Args:
            labels: labels of the clips.
            is_verified: labels that are right.

        Shape:
            labels, is_verified: [clips].
        """
        expected = expected_matrix(labels, self.n_classes, self.n_true)
        one_hot = np.eye(self.n_classes, self.n_true)[labels]
        counts = self.classifier.held_out.any(axis=0) & ~is_verified
        soft_labels = one_hot
        for _ in range(N_ROUNDS):
            log_p = self.classifier.log_probabilities(soft_labels)
            sharp = sharpened(log_p, self.n_classes, self.power)
            model = fit_noise_model(sharp, labels, expected, counts=counts, powers=[1.0])
            posterior = model.posterior(sharp, labels)
            soft_labels = np.where(is_verified[:, None], one_hot, posterior)
        judge = fit_noise_model(
            log_p, labels, expected, counts=counts, powers=POWERS, offsets=OFFSETS
        )
        posterior = np.where(is_verified[:, None], one_hot, judge.posterior(log_p, labels))
        likelihood = label_log_likelihood(judge, log_p[counts], labels[counts])
        return Cleaned(posterior, likelihood)


def cleaners(
    vectors: NDArray[np.float32],
    fold: NDArray[np.int64],
    n_classes: int,
    background: NDArray[np.float32] | None = None,
) -> list[Cleaner]:
    """Return the ways to clean the labels of clips.

    Args:
        vectors: of the clips.
        fold: folds of the clips, counted from 0; -1 for clips that are always trained on.
        n_classes: number of classes.
        background: vectors of sounds of none of the classes; too few are ignored.

    Shape:
        vectors: [clips, dim]; fold: [clips] or [partitions, clips]; background: [sounds, dim].
    """
    if background is not None and len(background) < FEWEST_SOUNDS:
        background = None
    n_true = n_classes + (background is not None)
    regression = SoftLabelRegression.of(vectors, fold, n_classes, PRECISION, background=background)
    ways: list[tuple[SoftLabelClassifier, float]] = [
        (GaussianClasses.of(vectors, fold, n_axes, background), GAUSSIAN_POWER) for n_axes in AXES
    ]
    ways.append((regression, REGRESSION_POWER))
    return [Cleaner(*way, n_classes, n_true) for way in ways]


def sharpened(
    log_probabilities: NDArray[np.floating], n_classes: int, power: float
) -> NDArray[np.float64]:
    """Raise the probabilities of the classes to a power; that of none of them stays.

    Args:
        log_probabilities: of a classifier.
        n_classes: number of classes; what is beyond them is "none of the classes".
        power: above 1, the likeliest class becomes likelier.

    Shape:
        log_probabilities, result: [clips, true classes].

    >>> p = sharpened(np.log([[0.6, 0.2, 0.2]]), 2, 2.0)
    >>> np.exp(p).round(2).tolist()
    [[0.72, 0.08, 0.2]]
    """
    log_p = np.asarray(log_probabilities, np.float64)
    of_classes, outside = log_p[:, :n_classes], log_p[:, n_classes:]
    of_any = logsumexp(of_classes, axis=1, keepdims=True)
    return np.hstack([log_softmax(power * of_classes, axis=1) + of_any, outside])


def clean_by_all(
    ways: Sequence[Cleaner], labels: NDArray[np.integer], is_verified: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the probability of each true class of each clip, by each way.

    Args:
        ways: to clean labels.
        labels: labels of the clips.
        is_verified: labels that are right.

    Shape:
        labels, is_verified: [clips].

    Returns:
        The probabilities, [ways, clips, true classes], and the weights of the ways, whose sum is 1.
    """
    results = [way.clean(labels, is_verified) for way in ways]
    weights = softmax([N_LABELS_OF_WEIGHT * result.likelihood for result in results])
    return np.stack([result.posterior for result in results]), weights
