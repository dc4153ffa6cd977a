import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from soundalike.evaluation.thresholds import calibrate_threshold

N_CLASSES = 3
shares = st.sampled_from([0.1, 0.5, 0.6, 2 / 3, 0.9, 1.0])


@st.composite
def scored_clips(draw):
    """Labels of both kinds and scores from few values, so that ties are common."""
    n_clips = draw(st.integers(1, 10))
    scores = draw(
        arrays(np.float64, (n_clips, N_CLASSES), elements=st.sampled_from([0.0, 0.2, 0.4, 0.8, 1]))
    )
    one_label = arrays(np.int64, n_clips, elements=st.integers(0, N_CLASSES - 1))
    several = arrays(np.float32, scores.shape, elements=st.sampled_from([0.0, 1.0]))
    return draw(one_label | several), scores


def answers(labels, scores):
    """How certain each answer is, and whether it is right, one by one."""
    for clip, row in enumerate(scores.tolist()):
        if labels.ndim == 1:
            yield max(row), row.index(max(row)) == labels[clip]
        else:
            yield from ((score, labels[clip, place] == 1) for place, score in enumerate(row))


def share_right(labels, scores, threshold):
    given_answers = [right for score, right in answers(labels, scores) if score >= threshold]
    return sum(given_answers) / len(given_answers) if given_answers else None


@given(scored_clips(), shares)
def test_is_the_smallest_score_from_which_on_enough_is_right(clips, wanted):
    labels, scores = clips
    candidates = sorted({score for score, _ in answers(labels, scores)})
    enough = [c for c in candidates if share_right(labels, scores, c) >= wanted]
    threshold = calibrate_threshold(labels, scores, wanted)
    if enough:
        assert threshold == enough[0]
    else:
        assert threshold > 1
        assert share_right(labels, scores, threshold) is None


@given(scored_clips(), shares, shares)
def test_wanting_more_never_lowers_it(clips, wanted, other):
    low, high = sorted([wanted, other])
    assert calibrate_threshold(*clips, low) <= calibrate_threshold(*clips, high)


@given(scored_clips(), shares, st.randoms(use_true_random=False))
def test_the_order_of_the_clips_does_not_matter(clips, wanted, random):
    labels, scores = clips
    order = random.sample(range(len(labels)), len(labels))
    assert calibrate_threshold(labels, scores, wanted) == calibrate_threshold(
        labels[order], scores[order], wanted
    )


def test_keeps_its_word_on_other_clips_of_the_same_kind():
    # The answer is right as often as its score says, so the threshold can be known beforehand:
    # scores of two classes are uniform from 0.5 to 1, of which those above 0.8 average 0.9.
    generator = np.random.default_rng(0)

    def clips():
        best = generator.uniform(0.5, 1, 20_000)
        return (generator.random(20_000) > best).astype(int), np.stack([best, 1 - best], axis=1)

    threshold = calibrate_threshold(*clips(), wanted=0.9)
    assert threshold == pytest.approx(0.8, abs=0.02)
    assert share_right(*clips(), threshold) == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("highest", [0.3, 0.9, 1.0, 7.3])
def test_no_score_reaches_it_where_none_is_certain_enough(highest, dtype):
    scores = np.array([[highest, 0.1], [highest, 0.2]], dtype=dtype)
    threshold = calibrate_threshold([0, 1], scores)
    assert json.loads(json.dumps(threshold)) == threshold
    for precision in (np.float32, np.float64):
        assert not (scores.astype(precision) >= threshold).any()
        assert not precision(1) >= threshold


@pytest.mark.parametrize(
    ("labels", "scores", "wanted", "what"),
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
def test_refuses_what_tells_nothing(labels, scores, wanted, what):
    with pytest.raises(ValueError, match=what):
        calibrate_threshold(labels, scores, wanted)
