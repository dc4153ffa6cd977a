"""Precision above a threshold, from windows that were picked at random."""

import numpy as np
import pytest
from scipy import stats

from soundalike.labeling.estimate import (
    ENOUGH,
    estimate_precision,
    picked_at_random,
    random_ranks,
)
from soundalike.labeling.labeled_windows import UNKNOWN, YES, LabeledWindows

N = 2000
NONE = np.zeros(0, int)
RANKS = random_ranks(np.arange(N))


@pytest.fixture(scope="module")
def scores():
    return np.random.default_rng(0).random(N).astype(np.float32)


@pytest.fixture(scope="module")
def truth(scores):
    """A window with a score has the label with this probability."""
    return np.random.default_rng(1).random(N) < scores


def nothing():
    return LabeledWindows(np.full(N, UNKNOWN, np.int8), *np.zeros((2, N), bool))


def listen(labeled, truth, positions):
    """Label windows that were picked at random."""
    labeled.known[positions], labeled.is_random[positions] = truth[positions], True


def estimate(scores, labeled, threshold, without=NONE):
    picks = picked_at_random(scores, labeled, RANKS, threshold, without)
    return estimate_precision(scores, labeled, picks)


def test_the_interval_is_the_exact_one(scores, truth):
    labeled = nothing()
    picks = picked_at_random(scores, labeled, RANKS, 0.5, NONE)
    assert len(picks) == (scores >= 0.5).sum()
    listen(labeled, truth, picks[:30])
    result = estimate(scores, labeled, 0.5)
    n_right = int(truth[picks[:30]].sum())
    assert (result.n_above, result.n_sampled, result.n_right) == (len(picks), 30, n_right)
    exact = stats.binomtest(n_right, 30).proportion_ci(method="exact")
    assert [result.low, result.high] == pytest.approx([exact.low, exact.high])
    assert f"{n_right} of 30 picked at random are right" in result.in_words


def test_picks_are_random(scores):
    """The ranks do not depend on the scores, or on the order of the rows."""
    picks = picked_at_random(scores, nothing(), RANKS, 0.5, NONE)
    assert stats.kstest(scores[picks[:100]], stats.uniform(0.5, 0.5).cdf).pvalue > 0.01
    assert stats.kstest(picks[:100], stats.uniform(0, N).cdf).pvalue > 0.01
    assert (random_ranks(np.array([7, 3])) == RANKS[[7, 3]]).all()
    assert len(np.unique(RANKS)) == N


def test_labels_count_for_another_threshold_as_far_as_they_are_random_there(scores, truth):
    labeled = nothing()
    listen(labeled, truth, picked_at_random(scores, labeled, RANKS, 0.5, NONE)[:60])
    higher = estimate(scores, labeled, 0.8)
    first = picked_at_random(scores, labeled, RANKS, 0.5, NONE)[:60]
    assert higher.n_sampled == (scores[first] >= 0.8).sum() > 5
    lower = estimate(scores, labeled, 0.2)
    assert lower.n_sampled < 20, "up to the first one below 0.5, which has no label"


def test_windows_that_train_and_windows_that_nobody_could_tell_are_left_out(scores, truth):
    labeled = nothing()
    picks = picked_at_random(scores, labeled, RANKS, 0.5, NONE)
    labeled.known[picks[0]] = YES
    listen(labeled, truth, picks[2:6])
    assert estimate(scores, labeled, 0.5).n_sampled == 0
    without = estimate(scores, labeled, 0.5, picks[[1]])
    assert (without.n_above, without.n_sampled) == (len(picks) - 2, 4)


def test_a_suggested_threshold_reaches_a_precision_of_nine_tenths(scores, truth):
    labeled = nothing()
    listen(labeled, truth, picked_at_random(scores, labeled, RANKS, 0.5, NONE))
    threshold = estimate(scores, labeled, 0.5).threshold
    assert truth[scores >= threshold].mean() > 0.9
    assert 0.75 < threshold < 0.95
    labeled = nothing()
    listen(labeled, truth, picked_at_random(scores, labeled, RANKS, 0.5, NONE)[:20])
    assert estimate(scores, labeled, 0.5).threshold is None, "too few"


def test_words_say_what_to_do(scores, truth):
    labeled = nothing()
    assert "lower it" in estimate(scores, labeled, 2.0).in_words
    words = estimate(scores, labeled, 0.5).in_words
    assert "label some of them, picked at random" in words
    picks = picked_at_random(scores, labeled, RANKS, 0.5, NONE)
    listen(labeled, truth, picks[:5])
    words = estimate(scores, labeled, 0.5).in_words
    assert words.endswith(f"That is few: label {ENOUGH - 5} more.")
    listen(labeled, truth, picks[:ENOUGH])
    assert "few" not in estimate(scores, labeled, 0.5).in_words
