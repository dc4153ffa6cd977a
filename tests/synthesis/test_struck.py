"""Objects that bounce."""

import numpy as np
from numpy.random import RandomState

from soundalike.synthesis.struck import bounce_times


def test_a_coin_bounces_faster_and_faster():
    for seed in range(30):
        rng = RandomState(seed)
        intervals_s = np.diff(bounce_times(rng, rng.uniform(0.1, 0.3), rng.uniform(0.6, 0.88)))
        assert len(intervals_s) >= 5
        assert np.all(np.diff(intervals_s) < 0)
