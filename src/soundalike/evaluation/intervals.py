"""Confidence intervals: over test clips, over seeds, or over both.

Rows of arrays are clips, [clips, ...]. ``bootstrap_interval`` tells how a score varies with the
test clips (Efron and Tibshirani 1993), ``t_interval`` where the mean over many training seeds lies
(Student 1908), and ``crossed_interval`` covers both. ``binomial_interval`` is that of a share,
``mean_share_interval`` that of a share which several methods estimate.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

RESAMPLED_ROWS = 1 << 15  # of seeds and clips, drawn at once: they fit a cache


def bootstrap_interval(
    statistic: Callable[..., float],
    *arrays: NDArray[Any],
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    recordings: NDArray[np.int64] | None = None,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of a statistic over clips.

    Every resample takes the same clips from all arrays. To compare two representations, bootstrap
    their difference on the same clips; this is sharper than asking whether two intervals overlap:
    ``bootstrap_interval(lambda y, a, b: accuracy(y, a) - accuracy(y, b), labels, ours, theirs)``.

    Args:
        statistic: function of the arrays, such as ``balanced_accuracy`` of labels and predictions.
        arrays: one row per clip. Patches of one clip are not independent, so they must not be rows.
        n_resamples: number of resamples.
        level: confidence level.
        seed: random seed of the resamples.
        recordings: which recording each clip is of. Clips of one recording are not independent, so
            recordings are resampled. By default each clip is a recording.

    Shape:
        arrays: [clips, ...]; recordings: [clips].

    Raises:
        ValueError: the arrays differ in length or are empty.

    >>> is_correct = np.array([True] * 80 + [False] * 20)
    >>> low, high = bootstrap_interval(np.mean, is_correct)
    >>> round(low, 1), round(high, 1)
    (0.7, 0.9)
    """
    draws = bootstrap_distribution(
        statistic, *arrays, n_resamples=n_resamples, seed=seed, recordings=recordings
    )
    low, high = np.percentile(draws, [50 * (1 - level), 50 * (1 + level)])
    return float(low), float(high)


def bootstrap_distribution(
    statistic: Callable[..., float],
    *arrays: NDArray[Any],
    n_resamples: int = 1000,
    seed: int = 0,
    recordings: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return a statistic of resamples of the clips.

    The same seed, recordings and number of clips give the same resamples. So the distributions of
    two representations can be subtracted: that is the distribution of their paired difference.

    Args:
        statistic: function of the arrays.
        arrays: one row per clip.
        n_resamples: number of resamples.
        seed: random seed of the resamples.
        recordings: which recording each clip is of, as for `bootstrap_interval`.

    Shape:
        arrays: [clips, ...]; recordings: [clips]; result: [n_resamples].

    Raises:
        ValueError: the arrays differ in length or are empty.
    """
    n_clips = len(arrays[0])
    if n_clips == 0 or any(len(array) != n_clips for array in arrays):
        raise ValueError(f"arrays must have one length above 0, not {[len(a) for a in arrays]}")
    recording, _ = pd.factorize(np.arange(n_clips) if recordings is None else recordings)
    ends = np.cumsum(np.bincount(recording))
    groups = np.split(recording.argsort(kind="stable"), ends[:-1])
    generator = np.random.default_rng(seed)
    draws = np.empty(n_resamples)
    for resample in range(n_resamples):
        rows = generator.integers(len(groups), size=len(groups))
        if len(groups) < n_clips:
            rows = np.concatenate([groups[group] for group in rows])
        draws[resample] = statistic(*(array[rows] for array in arrays))
    return draws


def crossed_interval(
    values: NDArray[Any], *, n_resamples: int = 10_000, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Return the interval of a mean over clips and seeds, when both are samples.

    Clips and seeds are resampled independently (the pigeonhole bootstrap, Owen 2007). To compare
    two ways of training, pass the differences of their values for the same clips and seeds.

    Args:
        values: a value of each clip under each seed, such as 1 for correct and 0 for wrong.
        n_resamples: number of resamples.
        level: confidence level.
        seed: random seed of the resamples.

    Shape:
        values: [seeds, clips].

    Raises:
        ValueError: ``values`` is empty or has another number of axes.
    """
    if values.ndim != 2 or not values.size:
        raise ValueError(f"values must be [seeds, clips] and not empty, not {values.shape}")
    generator = np.random.default_rng(seed)
    n_seeds, n_clips = values.shape
    ends = np.repeat([n_seeds, n_clips], [n_seeds, n_clips])
    n_at_once = max(1, RESAMPLED_ROWS // len(ends))
    means = []
    for start in range(0, n_resamples, n_at_once):
        n_rows = min(n_at_once, n_resamples - start)
        draws = generator.integers(np.tile(ends, (n_rows, 1)))
        seed_counts = _counts(draws[:, :n_seeds], n_seeds)
        clip_counts = _counts(draws[:, n_seeds:], n_clips)
        means.append(np.vecdot(seed_counts @ values, clip_counts) / values.size)
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _counts(draws: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return how often each of `n` numbers occurs in each row: [rows, draws] -> [rows, n]."""
    n_rows = len(draws)
    cells = draws + n * np.arange(n_rows)[:, np.newaxis]
    return np.bincount(cells.ravel(), minlength=n_rows * n).reshape(n_rows, n)


def t_interval(values: ArrayLike, level: float = 0.95) -> tuple[float, float]:
    """Return Student's t interval of the mean over seeds.

    To compare two ways of training with the same seeds, use ``t_interval(ours - theirs)``, the
    interval of the paired t-test: it cancels the effect that a seed has on both.

    Args:
        values: the score of each seed.
        level: confidence level, exact if scores are normally distributed.

    Shape:
        values: [seeds].

    Returns:
        Low and high; both NaN for fewer than two values, whose spread is unknown.

    >>> low, high = t_interval([0.70, 0.72, 0.74])
    >>> round(low, 2), round(high, 2)
    (0.67, 0.77)
    """
    values = np.asarray(values, dtype=np.float64)
    if len(values) < 2:
        return np.nan, np.nan
    low, high = special.stdtrit(len(values) - 1, [(1 - level) / 2, (1 + level) / 2])
    mean, standard_error = values.mean(), values.std(ddof=1) / np.sqrt(len(values))
    return float(mean + low * standard_error), float(mean + high * standard_error)


def binomial_interval(n_right: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share, from how many of a random sample count.

    It covers the true share at least as often as the level says (Clopper and Pearson 1934).

    Args:
        n_right: how many count; a fraction if they are expected ones.
        n: size of the sample; of none, the interval is from 0 to 1.
        level: confidence level.

    >>> low, high = binomial_interval(18, 20)
    >>> round(low, 2), round(high, 2)
    (0.68, 0.99)
    """
    tail = (1 - level) / 2
    low = special.betaincinv(n_right, n - n_right + 1, tail) if n_right else 0.0
    high = special.betaincinv(n_right + 1, n - n_right, 1 - tail) if n_right < n else 1.0
    return float(low), float(high)


def mean_share_interval(
    shares: NDArray[np.floating], weights: NDArray[np.floating], n: int, level: float = 0.95
) -> tuple[float, float]:
    """Return the interval of a share that several methods estimate on the same sample.

    Its variance is that within the methods, which is the binomial one, plus that between them (the
    law of total variance, as in Bayesian model averaging, Hoeting et al. 1999). It is the exact
    interval of a smaller sample that has this variance. If all agree, it is `binomial_interval`.

    Args:
        shares: by each method.
        weights: of the methods; their sum is 1.
        n: size of the sample.
        level: confidence level.

    Shape:
        shares, weights: [methods].

    >>> low, high = mean_share_interval(np.array([0.3, 0.4]), np.array([0.5, 0.5]), 400)
    >>> round(low, 2), round(high, 2)
    (0.21, 0.51)
    """
    mean = float((weights @ shares).clip(0, 1))
    # As of any sample, the squared deviations from the mean of a few are too small.
    n_methods = len(shares)
    between = float(weights @ (shares - mean) ** 2) * n_methods / max(1, n_methods - 1)
    variance = mean * (1 - mean)
    size = n / (1 + n * between / variance) if variance > 0 else n
    return binomial_interval(mean * size, size, level)
