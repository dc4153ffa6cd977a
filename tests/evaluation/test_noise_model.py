"""The noise model is that of its formulas, and finds the matrix that made the labels."""

import numpy as np
import pytest
from hypothesis import given, strategies

from soundalike.evaluation.noise_model import (
    OFFSETS,
    STRENGTH,
    expected_matrix,
    fit_noise_model,
    label_counts,
)


def made(seed, n=3000, n_classes=4, sharpness=4.0):
    """Return log-probabilities, true classes and labels of a known noise matrix."""
    rng = np.random.default_rng(seed)
    logits = sharpness * rng.standard_normal((n, n_classes))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = np.array([rng.choice(n_classes, p=row) for row in p])
    matrix = np.full((n_classes, n_classes), 0.05)
    matrix[np.arange(n_classes), (np.arange(n_classes) + 1) % n_classes] = 0.3
    np.fill_diagonal(matrix, 0)
    np.fill_diagonal(matrix, 1 - matrix.sum(axis=1))
    labels = np.array([rng.choice(n_classes, p=matrix[each]) for each in truth])
    return np.log(p), truth, labels, matrix


def test_the_matrix_that_made_the_labels_is_found():
    log_p, truth, labels, matrix = made(0)
    model = fit_noise_model(log_p, labels, expected_matrix(labels, 4, 4))
    assert np.abs(model.matrix - matrix).max() < 0.05
    assert model.power == pytest.approx(1.0, rel=0.35), "the probabilities were right"
    posterior = model.posterior(log_p, labels)
    p_wrong = 1 - posterior[np.arange(len(labels)), labels]
    is_wrong = labels != truth
    assert p_wrong.mean() == pytest.approx(is_wrong.mean(), abs=0.02)
    for low in (0.0, 0.25, 0.5, 0.75):
        some = (p_wrong >= low) & (p_wrong < low + 0.25)
        assert p_wrong[some].mean() == pytest.approx(is_wrong[some].mean(), abs=0.06)


def test_a_classifier_that_is_too_unsure_gets_a_power():
    log_p, _, labels, _ = made(1)
    half = log_p / 2 - np.log(np.exp(log_p / 2).sum(axis=1, keepdims=True))
    expected = expected_matrix(labels, 4, 4)
    assert fit_noise_model(half, labels, expected).power == pytest.approx(
        2 * fit_noise_model(log_p, labels, expected).power, rel=0.4
    )


def test_sounds_of_none_of_the_classes_are_counted_though_they_seem_unlikely():
    """A third is outside; the classifier makes that less likely by a factor of exp(2)."""
    rng = np.random.default_rng(2)
    log_p, _, labels, _ = made(3, n=2000, n_classes=3)
    outside = np.log(rng.dirichlet(np.ones(3) / 4, size=1000))
    log_p = np.concatenate([log_p, outside])
    surely = np.concatenate([np.full(2000, -4.0), np.full(1000, 1.0)]) + rng.standard_normal(3000)
    log_p = np.column_stack([log_p, surely - 2])
    labels = np.concatenate([labels, rng.integers(3, size=1000)])
    expected = expected_matrix(labels, 3, 4)
    plain = fit_noise_model(log_p, labels, expected)
    model = fit_noise_model(log_p, labels, expected, offsets=OFFSETS)
    share = [each.posterior(log_p, labels)[:, 3].mean() for each in (plain, model)]
    assert plain.offset == 0 < model.offset
    assert model.objective > plain.objective
    assert abs(share[1] - 1 / 3) < abs(share[0] - 1 / 3) / 2


def test_without_a_class_of_outside_sounds_there_is_no_offset():
    log_p, _, labels, _ = made(4, n=200)
    expected = expected_matrix(labels, 4, 4)
    model = fit_noise_model(log_p, labels, expected, offsets=OFFSETS)
    assert model.offset == 0
    assert model.objective == fit_noise_model(log_p, labels, expected).objective


@given(strategies.integers(0, 1000), strategies.integers(2, 4), strategies.booleans())
def test_posterior_and_matrix_follow_the_formulas(seed, n_classes, has_outside):
    rng = np.random.default_rng(seed)
    n_true = n_classes + has_outside
    p = rng.dirichlet(np.ones(n_true), size=7)
    labels = rng.integers(n_classes, size=7)
    expected = expected_matrix(labels, n_classes, n_true)
    assert expected.sum(axis=1) == pytest.approx(1)
    model = fit_noise_model(np.log(p), labels, expected, powers=np.ones(1))
    assert model.matrix.sum(axis=1) == pytest.approx(1)
    posterior = model.posterior(np.log(p), labels)
    for clip, label in enumerate(labels):
        joint = [p[clip, true] * model.matrix[true, label] for true in range(n_true)]
        assert posterior[clip] == pytest.approx(np.array(joint) / sum(joint), abs=1e-6)
    counts = label_counts(posterior, labels, n_classes)
    for true in range(n_classes):  # a fixed point of the expectation maximization
        row = counts[true] + STRENGTH * expected[true]
        assert model.matrix[true] == pytest.approx(row / row.sum(), abs=0.1)
    assert (model.matrix[n_classes:] == expected[n_classes:]).all()
