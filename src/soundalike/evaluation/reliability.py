"""Whether the probabilities of a classifier are right: of answers with 0.8, 80% should be correct.

Of each clip the highest probability counts, that of the answer (Guo et al. 2017). Answers are
binned by it; each bin has the mean probability and the share of correct answers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Reliability:
    """The answers in bins of equal width. Bins without answers are left out.

    Args:
        lowest: the lowest probability of each bin.
        counts: number of answers.
        probability: their mean probability.
        accuracy: the share of them that is correct.

    Shape:
        each: [bins].
    """

    lowest: NDArray[np.float64]
    counts: NDArray[np.int64]
    probability: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def expected_error(self) -> float:
        """Mean distance of probability and accuracy over the answers (expected calibration error).

        It is above 0 by chance alone, the more the fewer clips there are; `error_by_chance` says by
        how much.
        """
        distances = np.abs(self.probability - self.accuracy)
        return float(self.counts @ distances / self.counts.sum())


def reliability(probabilities: ArrayLike, labels: ArrayLike, n_bins: int = 10) -> Reliability:
    """Compare the probabilities of answers with how many are correct.

    Args:
        probabilities: class probabilities of clips that were not trained on.
        labels: class of each clip.
        n_bins: number of bins from 0 to 1.

    Shape:
        probabilities: [clips, classes]; labels: [clips].

    Raises:
        ValueError: there are no clips, or the shapes do not match.

    >>> table = reliability([[0.9, 0.1]] * 4 + [[0.3, 0.7]] * 2, [0, 0, 0, 1, 1, 0])
    >>> table.counts.tolist(), table.accuracy.tolist()
    ([2, 4], [0.5, 0.75])
    >>> round(table.expected_error, 3)  # (2 * 0.2 + 4 * 0.15) / 6
    0.167
    """
    probabilities, labels = np.asarray(probabilities, dtype=np.float64), np.asarray(labels)
    if not len(labels) or probabilities.ndim != 2 or labels.shape != probabilities.shape[:1]:
        raise ValueError(f"labels {labels.shape} and scores {probabilities.shape} do not match")
    highest, is_correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((highest * n_bins).astype(int), n_bins - 1)
    bins, counts = np.unique(bin_of, return_counts=True)
    sums = np.bincount(bin_of, highest)[bins], np.bincount(bin_of, is_correct)[bins]
    return Reliability(bins / n_bins, counts, sums[0] / counts, sums[1] / counts)


def error_by_chance(
    probabilities: ArrayLike, n_bins: int = 10, n_draws: int = 200, seed: int = 0
) -> float:
    """Return the mean expected calibration error if the probabilities were exactly right.

    Args:
        probabilities: class probabilities of clips.
        n_bins: number of bins from 0 to 1.
        n_draws: how often the classes are drawn from the probabilities.
        seed: random seed of these draws.

    Shape:
        probabilities: [clips, classes].
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    rng, up_to = np.random.default_rng(seed), probabilities.cumsum(axis=1)
    last = probabilities.shape[1] - 1
    errors = []
    for _ in range(n_draws):
        labels = (rng.random((len(up_to), 1)) * up_to[:, -1:] > up_to).sum(axis=1).clip(max=last)
        errors.append(reliability(probabilities, labels, n_bins).expected_error)
    return float(np.mean(errors))
