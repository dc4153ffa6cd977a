"""Learning curves and their intervals, against plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.evaluation import learning_curves
from soundalike.evaluation.intervals import bootstrap_distribution, crossed_interval
from soundalike.evaluation.learning_curves import labels_needed, resampled_balanced_accuracy
from soundalike.evaluation.metrics import balanced_accuracy


def answers(*shape, share=0.7, seed=0):
    return np.random.default_rng(seed).random(shape) < share


def test_one_seed_gives_the_bootstrap_of_a_single_evaluation():
    labels = np.arange(60) % 3
    is_correct = answers(1, 60)
    predictions = np.where(is_correct[0], labels, (labels + 1) % 3)
    plain = bootstrap_distribution(balanced_accuracy, labels, predictions)
    ours = resampled_balanced_accuracy(is_correct, labels)
    assert ours.shape == (1000,)
    assert ours.mean() == pytest.approx(plain.mean(), abs=0.01)
    assert ours.std() == pytest.approx(plain.std(), rel=0.15)


def test_clips_and_seeds_vary_as_in_the_crossed_interval():
    """Of classes of one size, the balanced accuracy is almost the accuracy."""
    rng = np.random.default_rng(0)
    difficulty = rng.random((6, 1)) * 0.5 + rng.random((1, 200)) * 0.5
    is_correct = difficulty < 0.6
    low, high = crossed_interval(is_correct.astype(float))
    ours = resampled_balanced_accuracy(is_correct, np.arange(200) % 2, n_resamples=4000)
    assert np.quantile(ours, [0.025, 0.975]) == pytest.approx([low, high], abs=0.02)


def test_a_resample_counts_classes_alike():
    """The large class is always right and the small one never: every resample scores one half."""
    labels = np.repeat([0, 1], [90, 10])
    draws = resampled_balanced_accuracy((labels == 0)[np.newaxis], labels)
    assert draws == pytest.approx(0.5)


def test_clips_of_one_recording_are_resampled_together():
    labels, recordings = np.arange(80) % 2, np.arange(80) // 20
    is_correct = (recordings == 0)[np.newaxis]
    alone = resampled_balanced_accuracy(is_correct, labels)
    together = resampled_balanced_accuracy(is_correct, labels, recordings=recordings)
    assert together.std() > 3 * alone.std()
    assert set(np.unique(together.round(6))) <= {0, 0.25, 0.5, 0.75, 1}


def test_equal_curves_do_not_differ_in_any_resample():
    labels, one = np.arange(40) % 4, answers(3, 40)
    draws = resampled_balanced_accuracy(np.stack([[one, ~one], [one, one]]), labels)
    assert draws.shape == (1000, 2, 2)
    assert (draws[:, 0, 0] == draws[:, 1, 0]).all()
    assert draws[:, 0, 1] == pytest.approx(1 - draws[:, 0, 0])


def plain_labels_needed(n_labels, scores, target):
    """Walk along one curve."""
    if scores[0] >= target:
        return n_labels[0]
    for i in range(1, len(scores)):
        if scores[i] >= target:
            share = (target - scores[i - 1]) / (scores[i] - scores[i - 1])
            logs = np.log(n_labels[i - 1 : i + 1])
            return np.exp(logs[0] + share * (logs[1] - logs[0]))
    return np.inf


shares = st.floats(0, 1, allow_subnormal=False)


@given(st.lists(st.tuples(shares, st.lists(shares, min_size=4, max_size=4)), min_size=1))
def test_labels_needed_of_many_curves(curves):
    n_labels = np.array([1, 2, 5, 31.8])
    targets, scores = (np.array(values) for values in zip(*curves, strict=True))
    needed = labels_needed(n_labels, scores, targets)
    for one, curve, target in zip(needed, scores, targets, strict=True):
        assert one == pytest.approx(plain_labels_needed(n_labels, curve, target))


def test_a_curve_that_never_gets_there_needs_infinitely_many():
    assert labels_needed([1, 2], [0.3, 0.4], 0.5) == np.inf
    assert labels_needed([1, 2], [0.5, 0.4], 0.5) == 1
    assert labels_needed([4], [0.3], 0.5) == np.inf


def test_resamples_of_many_clips_are_made_in_blocks(monkeypatch):
    labels, is_correct = np.arange(60) % 3, answers(2, 4, 60)
    whole = resampled_balanced_accuracy(is_correct, labels)
    monkeypatch.setattr(learning_curves, "RESAMPLED_CLIPS", 7 * 60)
    in_blocks = resampled_balanced_accuracy(is_correct, labels)
    assert in_blocks.shape == whole.shape == (1000, 2)
    assert in_blocks.mean(axis=0) == pytest.approx(whole.mean(axis=0), abs=0.01)
    assert in_blocks.std(axis=0) == pytest.approx(whole.std(axis=0), rel=0.15)
