"""Calibration of probabilities by two numbers: slope and offset of their logits (Platt 1999)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

SMALLEST = 1e-4  # a probability is no surer
STRENGTH = 5.0  # of the prior of the two numbers, at 1 and 0


@dataclass(frozen=True)
class Platt:
    """A calibration, which changes no order.

    Args:
        slope: of the logits; below 1 makes probabilities less sure.
        offset: added to the logits.
    """

    slope: float
    offset: float

    def __call__(self, probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return calibrated probabilities, of the same shape."""
        calibrated: NDArray[np.float64] = expit(self.slope * _logits(probabilities) + self.offset)
        return calibrated


def fit_platt(probabilities: NDArray[np.floating], happened: NDArray[np.bool_]) -> Platt:
    """Return the calibration at which what happened is most likely.

    Args:
        probabilities: that something happens.
        happened: whether it did.

    Shape:
        probabilities, happened: [events].

    >>> calibration = fit_platt(np.repeat([0.01, 0.99], 500), np.arange(1000) % 500 % 10 < 1)
    >>> calibration.slope < 0.2
    True
    """
    logits = _logits(probabilities)

    def loss(parameters: NDArray[np.float64]) -> float:
        log_slope, offset = parameters
        values = np.exp(log_slope) * logits + offset
        prior = STRENGTH * (log_slope**2 + offset**2) / 2
        return float((np.logaddexp(0, values) - happened * values).sum() + prior)

    log_slope, offset = minimize(loss, [0.0, 0.0], method="Nelder-Mead").x
    return Platt(float(np.exp(log_slope)), float(offset))


def _logits(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    values: NDArray[np.float64] = logit(np.clip(probabilities, SMALLEST, 1 - SMALLEST))
    return values
