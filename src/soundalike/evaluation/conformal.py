"""When a sound is none of the known classes: split conformal prediction.

A score tells how much a sound is like the known classes. The threshold comes from held-out clips of
these classes, so that on new ones it errs at a stated rate, whatever the score (Vovk, Gammerman and
Shafer 2005; Bates et al. 2023, "Testing for outliers with conformal p-values").
"""

import math

import numpy as np
from numpy.typing import ArrayLike


def fewest_held_out(false_alarms: float) -> int:
    """Return how many held-out clips a threshold takes: 19 for a rate of 0.05.

    Raises:
        ValueError: the rate is not above 0 and below 1.
    """
    if not 0 < false_alarms < 1:
        raise ValueError(
            f"the rate of false alarms must be above 0 and below 1, not {false_alarms}"
        )
    return math.ceil(round(1 / false_alarms - 1, 9))


def conformal_threshold(held_out: ArrayLike, false_alarms: float = 0.05) -> float | None:
    """Return the score below which a clip is none of the known classes.

    A new clip of a known class falls below it with at most this probability, if it is exchangeable
    with the held-out ones: of n + 1 scores in random order, the new one is among the k lowest with
    probability k / (n + 1). So the threshold is the k-th lowest held-out score, where k is the
    largest number with k / (n + 1) at most the rate. The probability is over the held-out clips,
    too: the rate of one threshold varies, the more the fewer they are, as beta(k, n + 1 - k) does.

    Clips count as independent, which those of one recording are not.

    Args:
        held_out: scores of clips of the known classes that were not trained on, higher for clips
            more like these classes.
        false_alarms: probability that a new clip of a known class falls below the threshold.

    Shape:
        held_out: [clips].

    Returns:
        One of the scores, or None if there are too few of them (`fewest_held_out`).

    Raises:
        ValueError: the rate is not above 0 and below 1, or a score is NaN.

    >>> conformal_threshold(np.arange(39), false_alarms=0.05)  # 0 is below it: one of 40
    1.0
    >>> conformal_threshold(np.arange(18), false_alarms=0.05)  # too few
    """
    scores = np.asarray(held_out, dtype=np.float64)
    if np.isnan(scores).any():
        raise ValueError("a held-out score is NaN")
    if len(scores) < fewest_held_out(false_alarms):
        return None
    n_below = math.floor(round(false_alarms * (len(scores) + 1), 9))
    return float(np.partition(scores, n_below - 1)[n_below - 1])
