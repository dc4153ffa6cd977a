"""How far a number can be trusted: with other clips, or with other seeds.

Two questions with two answers. ``bootstrap_interval`` asks how a score would be on other test clips
(Efron and Tibshirani 1993), ``t_interval`` where its mean over many trainings lies (Student 1908).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit


def bootstrap_interval(
    statistic: Callable[..., float],
    *arrays: NDArray[Any],
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Interval that the statistic of another draw of as many clips would likely fall in.

    Clips are drawn with replacement, and all arrays with the same clips. So the difference of two
    representations on the same clips is compared clip by clip, which is sharper than to look
    whether their two intervals overlap:
    ``bootstrap_interval(lambda y, a, b: accuracy(y, a) - accuracy(y, b), labels, ours, theirs)``.

    Args:
        statistic: of the arrays, such as ``balanced_accuracy`` of labels and predictions.
        arrays: one row a clip; patches of one clip are not independent and must not be rows.
        n_resamples: draws of clips.
        level: share of the draws inside the interval.
        seed: of the draws.

    Shape:
        arrays: [clips, ...].

    Raises:
        ValueError: the arrays are not of one length, or empty.

    >>> right = np.array([True] * 80 + [False] * 20)
    >>> low, high = bootstrap_interval(np.mean, right)
    >>> round(low, 1), round(high, 1)
    (0.7, 0.9)
    """
    n_clips = len(arrays[0])
    if n_clips == 0 or any(len(array) != n_clips for array in arrays):
        raise ValueError(f"arrays must be of one length above 0, not {[len(a) for a in arrays]}")
    generator = np.random.default_rng(seed)
    draws = generator.integers(n_clips, size=(n_resamples, n_clips))
    statistics = [statistic(*(array[draw] for array in arrays)) for draw in draws]
    low, high = np.quantile(statistics, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def crossed_interval(
    values: NDArray[Any], *, n_resamples: int = 10_000, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Interval of a mean over clips and seeds, both of which could have been others.

    Clips and seeds are drawn with replacement, each on their own, and every drawn clip is taken
    with every drawn seed (Owen 2007, "The pigeonhole bootstrap"). Given the differences of two ways
    of training on the same clips with the same seeds, it is that of the difference.

    Args:
        values: of every clip under every seed, such as 1 for right and 0 for wrong.
        n_resamples: draws.
        level: share of the draws inside the interval.
        seed: of the draws.

    Shape:
        values: [seeds, clips].

    Raises:
        ValueError: there are no values.
    """
    if values.ndim != 2 or not values.size:
        raise ValueError(
            f"values must be [seeds, clips] with one each at least, not {values.shape}"
        )
    generator = np.random.default_rng(seed)
    n_seeds, n_clips = values.shape
    means = np.empty(n_resamples)
    for resample in range(n_resamples):
        of_seeds = generator.integers(n_seeds, size=n_seeds)
        of_clips = generator.integers(n_clips, size=n_clips)
        times_seeds = np.bincount(of_seeds, minlength=n_seeds)
        times_clips = np.bincount(of_clips, minlength=n_clips)
        means[resample] = times_seeds @ values @ times_clips / values.size
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def t_interval(values: ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Interval of the mean over seeds, by Student's t.

    Of two ways trained with the same seeds, ``t_interval(ours - theirs)`` is that of the difference
    seed by seed (the paired t-test): it leaves out what a seed does to both.

    Args:
        values: the score of each seed.
        level: how often such an interval is to hold the true mean, if scores are normal.

    Shape:
        values: [seeds].

    Returns:
        Low and high; both NaN for fewer than two values, whose spread is not known.

    >>> low, high = t_interval([0.70, 0.72, 0.74])
    >>> round(low, 2), round(high, 2)
    (0.67, 0.77)
    """
    values = np.asarray(values, dtype=np.float64)
    n_values = len(values)
    if n_values < 2:
        return np.nan, np.nan
    standard_error = values.std(ddof=1) / np.sqrt(n_values)
    reach = stdtrit(n_values - 1, (1 + level) / 2) * standard_error  # a quantile of Student's t
    return float(values.mean() - reach), float(values.mean() + reach)
