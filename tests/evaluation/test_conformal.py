import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from soundalike.evaluation.conformal import conformal_threshold, fewest_held_out

rates = st.sampled_from([0.01, 0.05, 0.1, 0.25, 0.5, 0.9])
# few values, so ties are common
held_out_scores = arrays(np.float64, st.integers(1, 40), elements=st.sampled_from([0, 0.2, 0.7, 1]))


@given(held_out_scores, rates)
def test_is_the_highest_score_that_keeps_the_rate(scores, rate):
    """By definition: each of n + 1 exchangeable clips is the new one with the same probability."""

    def allows(threshold):
        # The share of the n + 1 places, from low to high, that lie below the threshold; ties count
        # as below, as if the new clip lost them all.
        n_at_most = sum(score < threshold for score in scores)
        return (n_at_most + 1) / (len(scores) + 1) <= rate + 1e-12

    sufficient = [score for score in scores.tolist() if allows(score)]
    threshold = conformal_threshold(scores, rate)
    assert threshold == (max(sufficient) if sufficient else None)
    assert (threshold is None) == (len(scores) < fewest_held_out(rate))


@given(held_out_scores, rates, rates)
def test_more_false_alarms_never_lower_it(scores, rate, other):
    low, high = (conformal_threshold(scores, each) for each in sorted([rate, other]))
    assert low is None or low <= high


@given(held_out_scores, rates, st.randoms(use_true_random=False))
def test_the_order_of_the_clips_does_not_matter(scores, rate, random):
    shuffled = random.sample(scores.tolist(), len(scores))
    assert conformal_threshold(shuffled, rate) == conformal_threshold(scores, rate)


@pytest.mark.parametrize(("rate", "n_clips"), [(0.05, 19), (0.1, 9), (0.01, 99), (0.5, 1)])
def test_too_few_held_out_clips_have_no_threshold(rate, n_clips):
    assert fewest_held_out(rate) == n_clips
    assert conformal_threshold(np.arange(n_clips - 1), rate) is None
    assert conformal_threshold(np.arange(n_clips), rate) == 0


N_SIMULATIONS = 20_000


@pytest.mark.parametrize("n_held_out", [19, 99])
@pytest.mark.parametrize("scores", ["continuous", "with ties", "bounded"])
def test_new_clips_are_refused_at_the_stated_rate(scores, n_held_out):
    """Simulated: 20,000 calibrations, each tried on a new clip of the same kind."""
    rng = np.random.default_rng(0)
    draws = {
        "continuous": lambda size: rng.standard_normal(size),
        "with ties": lambda size: rng.integers(4, size=size).astype(float),
        "bounded": lambda size: rng.beta(5, 1, size),
    }[scores]((N_SIMULATIONS, n_held_out + 1))
    held_out, new = np.sort(draws[:, 1:], axis=1), draws[:, 0]
    expected = int(0.05 * (n_held_out + 1))
    thresholds = held_out[:, expected - 1]
    assert thresholds[:9].tolist() == [conformal_threshold(each) for each in draws[:9, 1:]]
    rate, standard_error = (new < thresholds).mean(), np.sqrt(0.05 * 0.95 / N_SIMULATIONS)
    assert rate < 0.05 + 3 * standard_error
    if scores != "with ties":
        assert rate > expected / (n_held_out + 1) - 3 * standard_error


@pytest.mark.parametrize("rate", [0, 1, -0.1, np.nan])
def test_a_rate_must_be_possible(rate):
    with pytest.raises(ValueError, match="above 0 and below 1"):
        conformal_threshold([1.0] * 100, rate)


def test_scores_must_be_numbers():
    with pytest.raises(ValueError, match="NaN"):
        conformal_threshold([0.5, np.nan] * 20)
