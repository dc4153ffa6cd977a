"""Calibration by slope and offset."""

import numpy as np
import pytest
from hypothesis import given, strategies

from soundalike.evaluation.platt import Platt, fit_platt


def test_probabilities_that_are_too_sure_are_mended():
    rng = np.random.default_rng(0)
    logits = rng.normal(-1, 2, 4000)
    happened = rng.random(4000) < 1 / (1 + np.exp(-logits))
    too_sure = 1 / (1 + np.exp(-3 * logits))
    calibration = fit_platt(too_sure, happened)
    assert calibration.slope == pytest.approx(1 / 3, rel=0.1)
    assert calibration.offset == pytest.approx(0, abs=0.15)
    assert calibration(too_sure).mean() == pytest.approx(happened.mean(), abs=0.01)


def test_right_probabilities_stay():
    p = np.random.default_rng(1).random(4000)
    happened = np.random.default_rng(2).random(4000) < p
    calibration = fit_platt(p, happened)
    assert calibration(p) == pytest.approx(p, abs=0.03)


@given(strategies.floats(0.1, 3), strategies.floats(-3, 3))
def test_order_stays(slope, offset):
    p = np.linspace(0, 1, 50)
    calibrated = Platt(slope, offset)(p)
    assert (np.diff(calibrated) >= 0).all()
    assert ((calibrated > 0) & (calibrated < 1)).all()


def test_nothing_wrong_is_no_certainty():
    calibration = fit_platt(np.full(100, 0.01), np.zeros(100, dtype=bool))
    assert 0 < calibration(np.array([0.01]))[0] < 0.01
