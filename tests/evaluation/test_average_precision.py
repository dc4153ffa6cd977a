import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score

from soundalike.evaluation.average_precision import average_precisions, mean_average_precision

N_CLASSES = 3


@st.composite
def ranked_clips(draw):
    """Labels and scores of a few clips; scores take few values, so ties are common."""
    shape = (draw(st.integers(1, 12)), N_CLASSES)
    labels = draw(arrays(np.float32, shape, elements=st.sampled_from([0.0, 1.0])))
    scores = draw(arrays(np.float64, shape, elements=st.sampled_from([0.0, 0.1, 0.5, 0.7, 1.0])))
    return labels, scores


def average_precision_as_written(labels, scores):
    """Sum over the distinct scores: the precision at each, times its step in recall."""
    total, recall_before = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        ranked = labels[scores >= threshold]
        recall = ranked.sum() / labels.sum()
        total += (recall - recall_before) * ranked.mean()
        recall_before = recall
    return total


@given(ranked_clips())
def test_agrees_with_scikit_learn_and_with_the_definition(clips):
    labels, scores = clips
    ours = average_precisions(labels, scores)
    assert ours.shape == (N_CLASSES,)
    for column in range(N_CLASSES):
        if labels[:, column].any():
            column_labels, column_scores = labels[:, column], scores[:, column]
            expected = average_precision_score(column_labels, column_scores)
            assert ours[column] == pytest.approx(expected)
            expected = average_precision_as_written(column_labels, column_scores)
            assert ours[column] == pytest.approx(expected)
        else:
            assert np.isnan(ours[column])


def test_agrees_with_scikit_learn_on_a_set_of_many_clips():
    generator = np.random.default_rng(0)
    labels = generator.random((2000, 30)) < 0.05
    scores = (labels + generator.normal(0, 1.5, labels.shape)).astype(np.float32)
    assert mean_average_precision(labels, scores) == pytest.approx(
        average_precision_score(labels, scores, average="macro")
    )


@given(ranked_clips(), st.randoms(use_true_random=False))
def test_the_order_of_clips_does_not_matter_even_with_ties(clips, random):
    labels, scores = clips
    order = random.sample(range(len(labels)), len(labels))
    np.testing.assert_array_equal(
        average_precisions(labels, scores), average_precisions(labels[order], scores[order])
    )


@given(ranked_clips())
def test_only_the_ranking_within_a_class_counts(clips):
    labels, scores = clips
    moved = np.exp(scores) * [1, 10, 100] - [0, 5, 50]
    np.testing.assert_array_equal(
        average_precisions(labels, scores), average_precisions(labels, moved)
    )


def test_a_perfect_and_the_worst_ranking():
    labels = np.array([[1], [1], [0], [0]])
    assert average_precisions(labels, [[4], [3], [2], [1]]) == 1
    assert average_precisions(labels, [[1], [2], [3], [4]]) == pytest.approx((1 / 3 + 2 / 4) / 2)


def test_constant_scores_get_the_frequency_of_the_class():
    labels = np.arange(10)[:, None] < 3
    assert average_precisions(labels, np.full((10, 1), 0.5)) == pytest.approx(0.3)


def test_a_class_without_clips_does_not_count():
    labels, scores = np.array([[1, 0], [0, 0]]), np.array([[0.2, 0.9], [0.8, 0.1]])
    np.testing.assert_array_equal(average_precisions(labels, scores), [0.5, np.nan])
    assert mean_average_precision(labels, scores) == 0.5
    with pytest.raises(ValueError, match="no clip has any class"):
        mean_average_precision(np.zeros((2, 2)), scores)


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        (np.zeros((0, 2)), np.zeros((0, 2)), "no clips"),
        (np.ones((2, 2)), np.ones((2, 3)), "do not match"),
        (np.ones(2), np.ones(2), "do not match"),
        ([[1, -1]], [[0.5, 0.5]], "0 or 1"),
        ([[1, 0]], [[0.5, np.nan]], "NaN"),
    ],
)
def test_refuses_invalid_labels_and_scores(labels, scores, message):
    with pytest.raises(ValueError, match=message):
        average_precisions(labels, scores)
