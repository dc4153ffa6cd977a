"""Recordings: length, level and edges."""

import numpy as np
from numpy.random import RandomState

from soundalike.synthesis.elements import SAMPLE_RATE, white_noise
from soundalike.synthesis.recording import record
from soundalike.synthesis.sounds import SOUNDS


def test_a_recording_has_its_length_level_and_soft_edges():
    for seed in range(40):
        recording = record(SOUNDS["Slam"], RandomState(seed))
        assert int(0.3 * SAMPLE_RATE) <= len(recording) <= 10 * SAMPLE_RATE
        assert -26 <= 20 * np.log10(np.abs(recording).max()) <= -1
        assert recording[0] == recording[-1] == 0


def test_recordings_vary_in_length_and_level():
    durations_s, levels_db = [], []
    for seed in range(100):
        recording = record(lambda rng, n_samples: white_noise(rng, n_samples), RandomState(seed))
        durations_s.append(len(recording) / SAMPLE_RATE)
        levels_db.append(20 * np.log10(np.abs(recording).max()))
    assert 2.0 < np.median(durations_s) < 3.1
    assert max(levels_db) - min(levels_db) > 20
