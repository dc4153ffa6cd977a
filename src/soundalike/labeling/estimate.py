"""How often a detector is right above a threshold, from windows that are picked at random.

Every window has a random rank that never changes. In any set of windows that was chosen without
looking at the ranks, those with the lowest ranks are a random sample. So a label that was given for
one detector and threshold counts for the next ones, too, as far as the windows of lower rank there
have labels.

Windows that a detector was trained on are left out: it is right on them more often than on others.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.labeling.labeled_windows import UNKNOWN, YES, LabeledWindows
from soundalike.runtime.counts import counted

ENOUGH = 20  # fewer say little: of 10 that are all right, 30% of the others may still be wrong
PRECISION = 0.9  # that a suggested threshold reaches


@dataclass(frozen=True)
class PrecisionEstimate:
    """The precision of a detector above a threshold, on windows that it was not trained on.

    Args:
        n_above: number of these windows.
        n_sampled: how many of them were picked at random and labeled.
        n_right: how many of those have the label.
        low, high: 95% confidence interval of the precision.
        threshold: from which on the precision is at least 0.9, by `calibrate_threshold`; None if
            there is none, or the labels are too few to tell.
    """

    n_above: int
    n_sampled: int
    n_right: int
    low: float
    high: float
    threshold: float | None

    @property
    def in_words(self) -> str:
        """The estimate in a sentence, and what to do if it rests on few windows."""
        if not self.n_above:
            return "No window without a label is above the threshold: lower it."
        above = f"{counted(self.n_above, 'window')} without a label above the threshold"
        if not self.n_sampled:
            return f"{above}: label some of them, picked at random, to know how many are right."
        text = (
            f"{self.n_right} of {self.n_sampled} picked at random are right: precision "
            f"{self.n_right / self.n_sampled:.2f}, with 95% confidence between {self.low:.2f} and "
            f"{self.high:.2f} ({above})."
        )
        if (n_more := min(ENOUGH, self.n_above) - self.n_sampled) > 0:
            text += f" That is few: label {n_more} more."
        if self.threshold is not None:
            text += f" From a threshold of {self.threshold:.2f} on, it is at least {PRECISION}."
        return text


def random_ranks(ids: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the random rank of each row of an archive, by its id: [rows]."""
    return pd.util.hash_array(ids.astype(np.uint64))


def picked_at_random(
    scores: NDArray[np.floating],
    labeled: LabeledWindows,
    ranks: NDArray[np.uint64],
    threshold: float,
    without: NDArray[np.integer],
) -> NDArray[np.int64]:
    """Return the windows above a threshold that train no detector, in the order of their ranks.

    Args:
        scores: of the windows.
        labeled: what is known of the windows.
        ranks: see `random_ranks`.
        threshold: lowest score.
        without: positions of windows that are left out: the listener could not tell.

    Shape:
        scores, ranks: [windows]; without: [n]; result: positions, [windows above the threshold].
    """
    is_above = (scores >= threshold) & ~labeled.is_training
    is_above[without] = False
    above = np.flatnonzero(is_above)
    return above[np.argsort(ranks[above])]


def estimate_precision(
    scores: NDArray[np.floating], labeled: LabeledWindows, above: NDArray[np.int64]
) -> PrecisionEstimate:
    """Estimate how many of the windows above a threshold have the label.

    Labels of windows count as independent, which those of one recording may not be.

    Args:
        scores: of the windows.
        labeled: what is known of the windows.
        above: positions of those above the threshold, in random order; see `picked_at_random`.

    Shape:
        scores: [windows]; above: [windows above the threshold].
    """
    from soundalike.evaluation.intervals import binomial_interval  # SciPy takes a while

    is_unknown = labeled.known[above] == UNKNOWN
    sample = above[: np.argmax(is_unknown)] if is_unknown.any() else above
    is_right = labeled.known[sample] == YES
    n_right = int(is_right.sum())
    return PrecisionEstimate(
        len(above),
        len(sample),
        n_right,
        *binomial_interval(n_right, len(sample)),
        _lowest_threshold(is_right, scores[sample]),
    )


def _lowest_threshold(is_right: NDArray[np.bool_], scores: NDArray[np.floating]) -> float | None:
    if not len(scores):
        return None
    from soundalike.evaluation.thresholds import calibrate_threshold  # scipy.stats takes a second

    threshold = calibrate_threshold(is_right[:, None].astype(int), scores[:, None], PRECISION)
    return threshold if threshold <= scores.max() else None
