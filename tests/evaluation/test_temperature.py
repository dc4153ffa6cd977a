"""Temperatures of simulated classifiers."""

import numpy as np
import pytest
from scipy.special import expit, softmax

from soundalike.evaluation.reliability import reliability
from soundalike.evaluation.temperature import fit_temperature, tempered


def simulated(n_clips, is_multi_label=False):
    """Return logits of clips, and labels that follow their probabilities."""
    rng = np.random.default_rng(0)
    logits = 2 * rng.standard_normal((n_clips, 4))
    if is_multi_label:
        return logits, (rng.random((n_clips, 4)) < expit(logits)).astype(np.float32)
    return logits, np.array([rng.choice(4, p=p) for p in softmax(logits, axis=1)])


@pytest.mark.parametrize("is_multi_label", [False, True])
@pytest.mark.parametrize("factor", [0.25, 1.0, 3.0])
def test_probabilities_that_are_too_high_or_too_low_become_right(factor, is_multi_label):
    logits, labels = simulated(2000, is_multi_label)
    probability = expit if is_multi_label else (lambda z: softmax(z, axis=1))
    wrong = probability(factor * logits)
    temperature = fit_temperature(labels, wrong)
    assert temperature == pytest.approx(factor, rel=0.1)
    right = tempered(wrong, temperature, is_multi_label)
    assert right == pytest.approx(probability(logits), abs=0.03)
    if not is_multi_label:
        before, after = (reliability(p, labels).expected_error for p in (wrong, right))
        assert after < 0.03
        assert factor == 1 or before > 0.1


@pytest.mark.parametrize("is_multi_label", [False, True])
def test_the_order_of_classes_stays_and_certainty_is_no_trouble(is_multi_label):
    p = np.array([[1.0, 0.0, 0.0], [0.2, 0.5, 0.3]])
    assert tempered(p, 1.0, is_multi_label).tolist() == p.tolist()
    for temperature in (0.1, 5.0):
        result = tempered(p, temperature, is_multi_label)
        assert np.isfinite(result).all()
        assert (result.argsort(axis=1, kind="stable") == p.argsort(axis=1, kind="stable")).all()
        assert is_multi_label or result.sum(axis=1) == pytest.approx(1)
    assert fit_temperature([0, 1], p[:, :2]) > 0


def test_a_few_clips_that_are_all_right_do_not_become_certain():
    p = np.full((5, 3), 0.2) + 0.4 * np.eye(3)[[0, 1, 2, 0, 1]]
    temperature = fit_temperature([0, 1, 2, 0, 1], p)
    assert 0.3 < temperature < 1
    assert tempered(p, temperature, False).max() < 0.99
