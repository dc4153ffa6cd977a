import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from soundalike.evaluation.thresholds import calibrate_threshold

N_CLASSES = 3
precisions = st.sampled_from([0.1, 0.5, 0.6, 2 / 3, 0.9, 1.0])


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


def precision_at(labels, scores, threshold):
    answered = [correct for score, correct in answers(labels, scores) if score >= threshold]
    return sum(answered) / len(answered) if answered else None


@given(scored_clips(), precisions)
def test_is_the_lowest_score_that_reaches_the_precision(clips, precision):
    labels, scores = clips
    candidates = sorted({score for score, _ in answers(labels, scores)})
    sufficient = [c for c in candidates if precision_at(labels, scores, c) >= precision]
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


def test_reaches_the_precision_on_new_clips():
    # Scores are calibrated and uniform from 0.5 to 1. Those above 0.8 average 0.9, so 0.8 is the
    # threshold for a precision of 0.9.
    generator = np.random.default_rng(0)

    def clips():
        best = generator.uniform(0.5, 1, 20_000)
        return (generator.random(20_000) > best).astype(int), np.stack([best, 1 - best], axis=1)

    threshold = calibrate_threshold(*clips(), precision=0.9)
    assert threshold == pytest.approx(0.8, abs=0.02)
    assert precision_at(*clips(), threshold) == pytest.approx(0.9, abs=0.01)


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
        ([0], [[0.5, 0.5]], 0, "above 0 and at most 1"),
        ([0], [[0.5, 0.5]], 1.1, "above 0 and at most 1"),
        ([0], [[0.5, 0.5]], np.nan, "above 0 and at most 1"),
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
