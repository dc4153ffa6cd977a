"""Calibration errors of simulated classifiers, and against the definition in loops."""

import numpy as np
import pytest

from soundalike.evaluation.reliability import error_by_chance, reliability


def simulated(n_clips, sharpness=1.0):
    """Return probabilities, and labels that follow them if the sharpness is 1."""
    rng = np.random.default_rng(0)
    logits = 2 * rng.standard_normal((n_clips, 5))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([rng.choice(5, p=row) for row in p])
    q = p**sharpness
    return q / q.sum(axis=1, keepdims=True), labels


@pytest.mark.parametrize("n_bins", [1, 10, 15])
def test_it_equals_the_definition(n_bins):
    probabilities, labels = simulated(300, sharpness=2)
    total = 0.0
    for index in range(n_bins):
        of_bin = [
            (row.max(), row.argmax() == label)
            for row, label in zip(probabilities, labels, strict=True)
            if index / n_bins <= row.max() < (index + 1) / n_bins + (index == n_bins - 1)
        ]
        if of_bin:
            total += abs(sum(p for p, _ in of_bin) - sum(right for _, right in of_bin))
    assert reliability(probabilities, labels, n_bins).expected_error == pytest.approx(total / 300)


def test_right_probabilities_have_the_error_of_chance():
    probabilities, labels = simulated(3000)
    by_chance = error_by_chance(probabilities, n_draws=20)
    assert reliability(probabilities, labels).expected_error < 2 * by_chance < 0.05
    few, _ = simulated(100)
    assert error_by_chance(few, n_draws=20) > 2 * by_chance


@pytest.mark.parametrize(("sharpness", "sign"), [(3, 1), (0.3, -1)])
def test_overconfidence_and_underconfidence_are_errors(sharpness, sign):
    table = reliability(*simulated(3000, sharpness))
    assert table.expected_error > 0.1
    assert sign * (table.counts @ (table.probability - table.accuracy)) > 0


def test_certain_answers_are_in_the_last_bin():
    table = reliability(np.eye(3), [0, 1, 2])
    assert (table.lowest.tolist(), table.counts.tolist()) == ([0.9], [3])
    assert table.expected_error == 0


@pytest.mark.parametrize(("shape", "n_labels"), [((0, 3), 0), ((4,), 4), ((4, 3), 5)])
def test_other_shapes_are_refused(shape, n_labels):
    with pytest.raises(ValueError, match="do not match"):
        reliability(np.zeros(shape), np.zeros(n_labels, int))
