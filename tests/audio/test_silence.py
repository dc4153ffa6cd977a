"""Silent stretches of a waveform."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.audio.silence import SILENT_PEAK, Silence, is_silent, step_samples

RATE = 1000


def steps_of(*blocks, rate=RATE):
    silence = Silence(rate)
    for block in blocks:
        silence.add(block)
    return silence.steps()


@given(st.lists(st.integers(0, 450), max_size=3), st.sampled_from([1000, 1004, 7]))
def test_steps_are_tenths_of_a_second_whatever_the_blocks(cuts, rate):
    waveform = np.zeros(460, np.float32)
    waveform[[250, 459]] = 0.5
    n = step_samples(rate)
    expected = [np.ptp(waveform[k : k + n]) == 0 for k in range(0, 460, n)]
    blocks = np.split(waveform, sorted(cuts))
    assert steps_of(*blocks, rate=rate).tolist() == expected


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([0.0, 0.0], True),
        ([0.3, 0.3], True),  # an offset
        ([-0.9 * SILENT_PEAK, 0.9 * SILENT_PEAK], True),
        ([-1.1 * SILENT_PEAK, 1.1 * SILENT_PEAK], False),
    ],
)
def test_what_stays_near_its_middle_is_silent(samples, expected):
    assert steps_of(np.array(samples * 50, np.float32)).tolist() == [expected]


@pytest.mark.parametrize(
    ("start_s", "end_s", "expected"),
    [(0, 0.2, True), (0.2, 0.3, False), (0.15, 0.25, False), (0.3, 0.4, True), (0.4, 0.42, False)],
)
def test_a_stretch_is_silent_if_all_steps_that_it_touches_are(start_s, end_s, expected):
    steps = np.array([True, True, False, True, False])
    assert is_silent(steps, RATE, start_s, end_s) == expected
