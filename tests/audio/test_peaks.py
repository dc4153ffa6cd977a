"""Peaks in steps of a tenth of a second."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundalike.audio.peaks import LOWEST_DB, Peaks, peak_db

RATE = 100  # ten samples a step


def steps_of(waveform, *cuts):
    peaks = Peaks(RATE)
    for block in np.split(np.asarray(waveform, np.float32), cuts):
        peaks.add(block)
    return peaks.steps()


@settings(max_examples=30)
@given(n=st.integers(0, 57), cuts=st.lists(st.integers(0, 57), max_size=4))
def test_blocks_make_no_difference(n, cuts):
    waveform = np.random.default_rng(n).uniform(-1, 1, n).astype(np.float32)
    expected = [np.abs(waveform[first : first + 10]).max() for first in range(0, n, 10)]
    assert steps_of(waveform, *sorted(cuts)).tolist() == expected


def test_the_peak_of_a_stretch_is_in_decibels():
    waveform = np.zeros(100)
    waveform[35], waveform[72] = -0.5, 0.1
    steps = steps_of(waveform)
    assert peak_db(steps, RATE, 0, 1) == pytest.approx(-6.02, abs=0.01)
    assert peak_db(steps, RATE, 0.4, 1) == pytest.approx(-20)
    assert peak_db(steps, RATE, 0.7, 0.7) == pytest.approx(-20)
    assert peak_db(steps, RATE, 0, 0.3) == LOWEST_DB
    assert peak_db(steps, RATE, 5, 6) == LOWEST_DB
