"""Which label a sound of each class gets, and which class a labeled sound has.

A sound of class c gets label l with probability ``matrix[c, l]`` (Natarajan et al. 2013, Patrini et
al. 2017). With the probabilities of a classifier, raised to a power, Bayes' rule says which class
a clip with this label has. Power and matrix are those at which the labels are most likely; the
matrix by expectation maximization (Dawid and Skene 1979).

Log-probabilities are those of a classifier that was not trained on the clip, [clips, true classes];
labels [clips]. There may be more true classes than labels: the last is "none of the classes".
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import logsumexp

DIAGONAL = 0.6  # of the matrix that is expected before anything is known
STRENGTH = 3.0  # of this expectation, in clips of each class
POWERS = np.geomspace(0.1, 6.0, 14)
SPREAD = 1.0  # standard deviation of the logarithm of the power, before anything is known
OFFSETS = (0.0, 1.0, 2.0, 3.0, 4.0)
OFFSET_SPREAD = 3.0  # likewise, of the offset
N_STEPS = 20
SMALLEST = 1e-12


@dataclass(frozen=True)
class NoiseModel:
    """A noise matrix, and the power of the classifier's probabilities that goes with it.

    Args:
        matrix: probability of each label for each true class; a row sums to one.
        power: above 1, the classifier is surer than it says.
        offset: added to the log-probability of "none of the classes": the sounds by which a
            classifier knows that class are others than those among the clips.
        objective: log likelihood of the labels, plus that of the matrix, the power and the offset.

    Shape:
        matrix: [true classes, classes].
    """

    matrix: NDArray[np.float64]
    power: float
    offset: float
    objective: float

    def posterior(
        self, log_probabilities: NDArray[np.floating], labels: NDArray[np.integer]
    ) -> NDArray[np.float64]:
        """Return the probability of each true class of each clip: [clips, true classes]."""
        return _posterior(self.adjusted(log_probabilities), self.matrix, labels)[0]

    def adjusted(self, log_probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return log-probabilities with the power and the offset: [clips, true classes]."""
        n_classes = self.matrix.shape[1]
        return _adjusted(log_probabilities, n_classes, self.power, self.offset)


def expected_matrix(
    labels: NDArray[np.integer], n_classes: int, n_true: int, diagonal: float = DIAGONAL
) -> NDArray[np.float64]:
    """Return the matrix that is expected before anything is known: [true classes, classes].

    A wrong label is any other, as often as it occurs; "none of the classes" may have any label.

    Args:
        labels: labels of the clips.
        n_classes: number of classes.
        n_true: number of true classes, one more if "none of the classes" is one of them.
        diagonal: probability of the right label.

    >>> expected_matrix(np.array([0, 0, 1, 2]), 3, 4).round(2).tolist()
    [[0.6, 0.2, 0.2], [0.27, 0.6, 0.13], [0.27, 0.13, 0.6], [0.5, 0.25, 0.25]]
    """
    frequency = np.bincount(labels, minlength=n_classes).clip(min=SMALLEST) / len(labels)
    matrix = np.tile(frequency, (n_true, 1))
    own = np.arange(n_classes)
    matrix[own, own] = 0
    matrix[:n_classes] *= (1 - diagonal) / matrix[:n_classes].sum(axis=1, keepdims=True)
    matrix[own, own] = diagonal
    return matrix


def fit_noise_model(
    log_probabilities: NDArray[np.floating],
    labels: NDArray[np.integer],
    expected: NDArray[np.float64],
    *,
    counts: NDArray[np.bool_] | None = None,
    powers: Sequence[float] | NDArray[np.floating] = POWERS,
    offsets: Sequence[float] = (0.0,),
) -> NoiseModel:
    """Return the noise model at which the labels are most likely.

    Args:
        log_probabilities: of a classifier.
        labels: labels of the clips.
        expected: `expected_matrix`; its rows beyond the classes are fixed.
        counts: which clips count; by default all.
        powers: the powers to choose from, then once more with the best offset.
        offsets: the offsets to choose from, if "none of the classes" is one of the true classes.

    Shape:
        log_probabilities: [clips, true classes]; labels, counts: [clips]; expected: [true classes,
        classes].
    """
    if counts is not None:
        log_probabilities, labels = log_probabilities[counts], labels[counts]

    def best(powers: Iterable[float], offsets: Iterable[float]) -> NoiseModel:
        pairs = itertools.product(powers, offsets)
        models = (_fit_matrix(log_probabilities, labels, expected, *pair) for pair in pairs)
        return max(models, key=lambda model: model.objective)

    model = best(powers, offsets[:1])
    if len(offsets) > 1 and len(expected) > expected.shape[1]:
        offset = best([model.power], offsets).offset
        if offset != model.offset:
            model = best(powers, [offset])
    return model


def _fit_matrix(
    log_probabilities: NDArray[np.floating],
    labels: NDArray[np.integer],
    expected: NDArray[np.float64],
    power: float,
    offset: float,
) -> NoiseModel:
    matrix, n_classes = expected, expected.shape[1]
    adjusted = _adjusted(log_probabilities, n_classes, power, offset)
    for _ in range(N_STEPS):
        posterior, _ = _posterior(adjusted, matrix, labels)
        matrix = label_counts(posterior, labels, n_classes) + STRENGTH * expected
        matrix /= matrix.sum(axis=1, keepdims=True)
        matrix[n_classes:] = expected[n_classes:]
    _, likelihood = _posterior(adjusted, matrix, labels)
    of_matrix = STRENGTH * (expected * np.log(matrix.clip(min=SMALLEST))).sum()
    of_power = -((np.log(power) / SPREAD) ** 2) / 2
    of_offset = -((offset / OFFSET_SPREAD) ** 2) / 2
    objective = likelihood.sum() + of_matrix + of_power + of_offset
    return NoiseModel(matrix, float(power), float(offset), float(objective))


def label_log_likelihood(
    model: NoiseModel, log_probabilities: NDArray[np.floating], labels: NDArray[np.integer]
) -> float:
    """Return the mean log likelihood of labels, without that of the matrix and the power.

    Shape:
        log_probabilities: [clips, true classes]; labels: [clips].
    """
    _, likelihood = _posterior(model.adjusted(log_probabilities), model.matrix, labels)
    return float(likelihood.mean()) if len(labels) else 0.0


def label_counts(
    posterior: NDArray[np.floating], labels: NDArray[np.integer], n_classes: int
) -> NDArray[np.float64]:
    """Return the expected number of clips by true class and label: [true classes, classes].

    Shape:
        posterior: [clips, true classes]; labels: [clips].
    """
    n_clips = len(labels)
    has_label = csr_array((np.ones(n_clips), labels, np.arange(n_clips + 1)), (n_clips, n_classes))
    counts: NDArray[np.float64] = (has_label.T @ posterior).T
    return counts


def _adjusted(
    log_probabilities: NDArray[np.floating], n_classes: int, power: float, offset: float
) -> NDArray[np.float64]:
    adjusted = power * np.asarray(log_probabilities, np.float64)
    adjusted[:, n_classes:] += offset
    return adjusted - logsumexp(adjusted, axis=1, keepdims=True)


def _posterior(
    log_probabilities: NDArray[np.float64],
    matrix: NDArray[np.float64],
    labels: NDArray[np.integer],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the posterior, [clips, true classes], and the log likelihood of labels, [clips]."""
    joint = log_probabilities + np.log(matrix.clip(min=SMALLEST)).T[labels]
    likelihood = logsumexp(joint, axis=1, keepdims=True)
    return np.exp(joint - likelihood), likelihood[:, 0]
