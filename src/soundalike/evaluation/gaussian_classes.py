"""Classes as normal distributions with one covariance, fitted to soft labels, out of fold.

Linear discriminant analysis (Fisher 1936) on the leading principal axes. Where classes are
clusters, it is hard to mislead: wrong labels pull a mean aside a little, while they bend the
boundaries of logistic regression, which has more freedom.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from soundalike.evaluation.folds import held_out_clips

SHRINKAGE = 0.2  # of a covariance toward a multiple of the identity
MEAN_STRENGTH = 1.0  # of the prior of a mean, in clips at the mean of all
CLIPS_PER_AXIS = 3
SMALLEST_VARIANCE = 1e-7  # share of the largest one


@dataclass(frozen=True)
class GaussianClasses:
    """Coordinates of clips, ready to be fitted to soft labels.

    Args:
        x: coordinates of the clips along the leading principal axes; their mean is 0.
        held_out: which clips each classifier is not trained on, and scores.
        outside: log density of each clip among sounds of none of the classes; None if such sounds
            are unknown.

    Shape:
        x: [clips, axes]; held_out: [classifiers, clips]; outside: [clips].
    """

    x: NDArray[np.float64]
    held_out: NDArray[np.bool_]
    outside: NDArray[np.float64] | None = None

    @classmethod
    def of(
        cls,
        vectors: NDArray[np.floating],
        fold: NDArray[np.int64],
        n_axes: int,
        background: NDArray[np.floating] | None = None,
    ) -> "GaussianClasses":
        """Rotate vectors to their leading principal axes.

        Args:
            vectors: of the clips.
            fold: fold of each clip, counted from 0; -1: trained on in all, and not scored. Where
                clips are in folds several times, their log densities are averaged.
            n_axes: number of axes; fewer if the clips are few.
            background: vectors of sounds of none of the classes, which are then a further class.

        Shape:
            vectors: [clips, dim]; fold: [clips] or [partitions, clips]; background: [sounds, dim].
        """
        values = np.asarray(vectors, np.float64)
        mean = values.mean(axis=0)
        x = values - mean
        variances, axes = np.linalg.eigh(x.T @ x)
        rank = int((variances > SMALLEST_VARIANCE * variances[-1]).sum())
        n_axes = max(1, min(n_axes, rank, len(x) // CLIPS_PER_AXIS))
        leading = axes[:, ::-1][:, :n_axes]
        x, held_out = x @ leading, held_out_clips(fold)
        if background is None:
            return cls(x, held_out)
        others = (np.asarray(background, np.float64) - mean) @ leading
        center = others.mean(axis=0)
        deviations = others - center
        factor = _factor(deviations.T @ deviations / len(deviations))
        return cls(x, held_out, _log_densities(x @ factor, center[None] @ factor, factor)[:, 0])

    def log_probabilities(self, soft_labels: NDArray[np.floating]) -> NDArray[np.float64]:
        """Fit to soft labels; return the log-probabilities of each clip, out of fold.

        Clips in no fold get the same for each class.

        Shape:
            soft_labels, result: [clips, true classes].
        """
        n_true = soft_labels.shape[1]
        n_classes = n_true - (self.outside is not None)
        log_p = np.zeros(soft_labels.shape)
        for tested in self.held_out:
            x, labels = self.x[~tested], soft_labels[~tested]
            counts = labels.sum(axis=0)
            of_classes, n_each = labels[:, :n_classes], counts[:n_classes]
            means = of_classes.T @ x / (n_each + MEAN_STRENGTH)[:, None]
            total = x.T @ (x * of_classes.sum(axis=1, keepdims=True))
            within = (total - (means.T * n_each) @ means) / max(float(n_each.sum()), 1.0)
            factor = _factor(within)
            log_p[tested, :n_classes] += _log_densities(
                self.x[tested] @ factor, means @ factor, factor
            )
            if self.outside is not None:
                log_p[tested, n_classes] += self.outside[tested]
            log_p[tested] += np.log(counts + 1)
        log_p /= self.held_out.sum(axis=0)[:, None].clip(min=1)
        return log_p - logsumexp(log_p, axis=1, keepdims=True)


def _factor(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix that makes a covariance, when it has been shrunken, the identity."""
    n_axes = len(covariance)
    variance = max(float(np.trace(covariance)) / n_axes, 1e-12)
    shrunken = (1 - SHRINKAGE) * covariance
    shrunken[np.diag_indices(n_axes)] += SHRINKAGE * variance
    factor: NDArray[np.float64] = np.linalg.cholesky(np.linalg.inv(shrunken))
    return factor


def _log_densities(
    x: NDArray[np.float64], centers: NDArray[np.float64], factor: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return log densities around centers, but for a constant: [clips, centers].

    Args:
        x: coordinates, multiplied by the factor.
        centers: likewise.
        factor: of their covariance.
    """
    squares = (x**2).sum(axis=1, keepdims=True) - 2 * x @ centers.T + (centers**2).sum(axis=1)
    return np.log(np.diag(factor)).sum() - squares / 2
