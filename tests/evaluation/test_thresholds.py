import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from soundalike.evaluation.thresholds import calibrate_threshold

N_CLASSES = 3
precisions = st.sampled_from([0.1, 0.4, 0.5, 0.6, 2 / 3, 0.9])


@st.composite
def scored_clips(draw):
    """Labels of both kinds; scores take few values, so ties are common."""
    n_clips = draw(st.integers(1, 10))
    scores = draw(
        arrays(np.float64, (n_clips, N_CLASSES), elements=st.sampled_from([0.0, 0.2, 0.4, 0.8, 1]))
    )
    one_label = arrays(np.int64, n_clips, elements=st.integers(0, N_CLASSES - 1))
    several = arrays(np.float32, scores.shape, elements=st.sampled_from([0.0, 1.0]))
    return draw(one_label | several), scores


def answers(labels, scores):
    """Yield the certainty of each answer, and if it is correct."""
    for clip, row in enumerate(scores.tolist()):
        if labels.ndim == 1:
            yield max(row), row.index(max(row)) == labels[clip]
        else:
            yield from ((score, labels[clip, place] == 1) for place, score in enumerate(row))


def bound_at(labels, scores, threshold):
    """Return the lowest precision at which so many correct answers have a chance of 5%."""
    answered = [correct for score, correct in answers(labels, scores) if score >= threshold]
    return (
        stats.binomtest(sum(answered), len(answered), alternative="greater")
        .proportion_ci(confidence_level=0.95, method="exact")
        .low
    )


def precision_at(labels, scores, threshold):
    answered = [correct for score, correct in answers(labels, scores) if score >= threshold]
    return sum(answered) / len(answered) if answered else None


@given(scored_clips(), precisions)
def test_is_the_lowest_score_that_reaches_the_precision(clips, precision):
    labels, scores = clips
    candidates = sorted({score for score, _ in answers(labels, scores)})
    sufficient = [c for c in candidates if bound_at(labels, scores, c) >= precision]
    threshold = calibrate_threshold(labels, scores, precision)
    if sufficient:
        assert threshold == sufficient[0]
    else:
        assert threshold > 1
        assert precision_at(labels, scores, threshold) is None


@given(scored_clips(), precisions, precisions)
def test_a_higher_precision_never_lowers_it(clips, precision, other):
    low, high = sorted([precision, other])
    assert calibrate_threshold(*clips, low) <= calibrate_threshold(*clips, high)


@given(scored_clips(), precisions, st.randoms(use_true_random=False))
def test_the_order_of_the_clips_does_not_matter(clips, precision, random):
    labels, scores = clips
    order = random.sample(range(len(labels)), len(labels))
    assert calibrate_threshold(labels, scores, precision) == calibrate_threshold(
        labels[order], scores[order], precision
    )


def calibrated(best, n_classes):
    """Return scores whose best class has these probabilities."""
    scores = np.full((len(best), n_classes), 0.0)
    scores[:, 1:] = (1 - best[:, None]) / (n_classes - 1)
    scores[:, 0] = best
    return scores


WORLDS = {  # (scores of n clips, probability that an answer of this score is correct)
    "calibrated": (lambda rng, n: rng.uniform(0.5, 1, n), lambda s: s),
    "overconfident": (lambda rng, n: 0.4 + 0.6 * rng.beta(5, 1, n), lambda s: 0.2 + 0.75 * s),
    "score tells nothing": (lambda rng, n: rng.uniform(0.5, 1, n), lambda s: 0.88 + 0 * s),
    "mostly right": (lambda rng, n: rng.uniform(0.7, 1, n), lambda s: np.sqrt(s)),
}


@pytest.mark.parametrize("n_clips", [40, 80, 300])
@pytest.mark.parametrize("world", WORLDS)
def test_in_nine_of_ten_calibrations_new_clips_reach_the_precision(world, n_clips):
    """Simulated: the lowest threshold that was 90% right on its own clips fails in half of them."""
    draw, truth = WORLDS[world]
    rng = np.random.default_rng(0)
    new = np.sort(draw(rng, 20_000))
    mean_above = truth(new)[::-1].cumsum()[::-1] / np.arange(len(new), 0, -1)
    n_misses, n_naive_misses = 0, 0
    for _ in range(300):
        best = draw(rng, n_clips)
        labels = (rng.random(n_clips) > truth(best)).astype(int)
        for by_bound in (True, False):
            if by_bound:
                threshold = calibrate_threshold(labels, calibrated(best, 2))
            else:
                order = best.argsort()[::-1]
                share = (labels[order] == 0).cumsum() / np.arange(1, n_clips + 1)
                threshold = best[order][share >= 0.9].min(initial=2)
            place = np.searchsorted(new, threshold)
            misses = place < len(new) and mean_above[place] < 0.9
            n_misses += misses and by_bound
            n_naive_misses += misses and not by_bound
    assert n_misses <= 0.1 * 300
    if world != "mostly right":
        assert n_naive_misses > 0.3 * 300


def test_many_clips_of_a_good_classifier_lose_few_answers():
    # Scores are calibrated and uniform from 0.5 to 1. Those above 0.8 average 0.9, so 0.8 is the
    # threshold for a precision of 0.9.
    best = np.random.default_rng(0).uniform(0.5, 1, 20_000)
    labels = (np.random.default_rng(1).random(20_000) > best).astype(int)
    assert 0.79 < calibrate_threshold(labels, calibrated(best, 2)) < 0.83


def test_rare_classes_of_clips_with_several_labels_are_answered():
    """Two hundred classes, one of them per clip: half a percent of all probabilities are high."""
    labels = np.eye(200, dtype=np.float32)[np.arange(400) % 200]
    scores = np.where(labels == 1, 0.9, 0.05)
    assert calibrate_threshold(labels, scores) == 0.9


@pytest.mark.parametrize(("n_clips", "is_enough"), [(28, False), (29, True)])
def test_it_takes_twenty_nine_correct_answers(n_clips, is_enough):
    scores = np.full((n_clips, 2), [0.7, 0.3])
    assert (calibrate_threshold([0] * n_clips, scores) <= 1) == is_enough


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("highest", [0.3, 0.9, 1.0, 7.3])
def test_no_score_reaches_the_threshold_if_the_precision_cannot_be_reached(highest, dtype):
    scores = np.array([[highest, 0.1], [highest, 0.2]], dtype=dtype)
    threshold = calibrate_threshold([0, 1], scores)
    assert json.loads(json.dumps(threshold)) == threshold
    for float_type in (np.float32, np.float64):
        assert not (scores.astype(float_type) >= threshold).any()
        assert not float_type(1) >= threshold


@pytest.mark.parametrize(
    ("labels", "scores", "precision", "message"),
    [
        ([0], [[0.5, 0.5]], 0, "above 0 and below 1"),
        ([0], [[0.5, 0.5]], 1.0, "above 0 and below 1"),
        ([0], [[0.5, 0.5]], np.nan, "above 0 and below 1"),
        ([0, 1], [[0.5, 0.5]], 0.9, "do not match"),
        ([[1, 0, 0]], [[0.5, 0.5]], 0.9, "do not match"),
        ([0], [0.5], 0.9, "do not match"),
        ([], np.zeros((0, 2)), 0.9, "needs labeled clips"),
        ([-1], [[0.5, 0.5]], 0.9, "needs labeled clips"),
        ([0], [[0.5, np.nan]], 0.9, "needs labeled clips"),
    ],
)
def test_refuses_invalid_arguments(labels, scores, precision, message):
    with pytest.raises(ValueError, match=message):
        calibrate_threshold(labels, scores, precision)
