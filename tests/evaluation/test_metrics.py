import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from soundalike.evaluation.average_precision import mean_average_precision
from soundalike.evaluation.metrics import (
    METRIC_NAMES,
    accuracy,
    balanced_accuracy,
    confusion_matrix,
    per_class_recall,
    score,
)

N_CLASSES = 6
answers = st.lists(
    st.tuples(st.integers(0, N_CLASSES - 1), st.integers(0, N_CLASSES - 1)), min_size=1
).map(lambda pairs: np.array(pairs).T)


@given(answers)
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.filterwarnings("ignore:A single label was found")
def test_agrees_with_scikit_learn(answers):
    labels, predictions = answers
    confusion = confusion_matrix(labels, predictions, N_CLASSES)
    recall = per_class_recall(confusion)
    present = np.isin(np.arange(N_CLASSES), labels)

    assert accuracy(labels, predictions) == pytest.approx(
        reference.accuracy_score(labels, predictions)
    )
    assert balanced_accuracy(labels, predictions) == pytest.approx(
        reference.balanced_accuracy_score(labels, predictions)
    )
    np.testing.assert_array_equal(
        confusion, reference.confusion_matrix(labels, predictions, labels=np.arange(N_CLASSES))
    )
    np.testing.assert_allclose(
        recall[present],
        reference.recall_score(
            labels, predictions, labels=np.flatnonzero(present), average=None, zero_division=0
        ),
    )
    assert np.isnan(recall[~present]).all()


@given(answers)
def test_balanced_accuracy_is_the_mean_recall_of_present_classes(answers):
    labels, predictions = answers
    recall = per_class_recall(confusion_matrix(labels, predictions, N_CLASSES))
    assert balanced_accuracy(labels, predictions) == pytest.approx(np.nanmean(recall))


@given(answers)
def test_repeating_the_clips_of_one_class_leaves_balanced_accuracy_alone(answers):
    labels, predictions = answers
    more = np.concatenate([np.arange(len(labels)), np.flatnonzero(labels == labels[0])])
    assert balanced_accuracy(labels[more], predictions[more]) == pytest.approx(
        balanced_accuracy(labels, predictions)
    )


def test_always_predicting_the_largest_class_has_a_low_balanced_accuracy():
    labels = np.repeat([0, 1, 2, 3], [97, 1, 1, 1])
    assert accuracy(labels, np.zeros(100, dtype=int)) == 0.97
    assert balanced_accuracy(labels, np.zeros(100, dtype=int)) == 0.25


@pytest.mark.parametrize("measure", [accuracy, balanced_accuracy])
def test_refuses_invalid_labels_and_predictions(measure):
    with pytest.raises(ValueError, match="no clips"):
        measure([], [])
    with pytest.raises(ValueError, match="do not match"):
        measure([0, 1], [0])
    with pytest.raises(ValueError, match=r"unlabeled \(-1\)"):
        measure([0, -1], [0, 0])


def test_a_missing_prediction_is_wrong():
    assert accuracy([0, 0, 1, 1], [0, -1, 1, 1]) == 0.75
    assert balanced_accuracy([0, 0, 1, 1], [0, -1, -1, -1]) == 0.25


@given(answers, st.integers(0, 2**32 - 1))
def test_clips_with_one_label_are_scored_by_the_balanced_accuracy_of_their_best_class(
    answers, seed
):
    labels, _ = answers
    scores = np.random.default_rng(seed).integers(3, size=(len(labels), N_CLASSES))
    best = [row.tolist().index(row.max()) for row in scores]
    assert score(labels, scores) == balanced_accuracy(labels, best)
    assert METRIC_NAMES[labels.ndim] == "balanced accuracy"


def test_clips_with_several_labels_are_scored_by_map():
    generator = np.random.default_rng(0)
    labels = (generator.random((20, 4)) < 0.5).astype(np.float32)
    scores = generator.random((20, 4))
    assert score(labels, scores) == mean_average_precision(labels, scores)
    assert score(labels, labels) == 1
    assert METRIC_NAMES[labels.ndim] == "mAP"


def test_one_label_a_clip_has_the_same_score_as_indices_and_as_one_hot():
    labels = np.array([0, 1, 2, 2])
    assert score(labels, np.eye(3)[labels]) == score(np.eye(3)[labels], np.eye(3)[labels]) == 1


@pytest.mark.parametrize(
    ("labels", "message"), [([0, -1], "unlabeled"), ([[1, 0], [-1, -1]], "must be 0 or 1")]
)
def test_an_unlabeled_clip_has_no_score(labels, message):
    with pytest.raises(ValueError, match=message):
        score(labels, [[0.5, 0.5], [0.5, 0.5]])


@pytest.mark.parametrize("prediction", [-1, 2])
def test_confusion_refuses_a_class_out_of_range(prediction):
    with pytest.raises(ValueError, match=r"0\.\.1"):
        confusion_matrix([0, 1], [0, prediction], n_classes=2)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.uint64])
def test_classes_of_any_integer_type_are_counted(dtype):
    labels, predictions = np.array([10, 10, 19], dtype), np.array([10, 2, 19], dtype)
    counts = confusion_matrix(labels, predictions, n_classes=20)
    assert {tuple(place): counts[tuple(place)] for place in np.argwhere(counts).tolist()} == {
        (10, 10): 1, (10, 2): 1, (19, 19): 1,
    }  # fmt: skip
