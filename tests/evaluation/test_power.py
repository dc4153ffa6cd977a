"""The number of clips that a difference takes, against simulations."""

import numpy as np
import pytest

from soundalike.evaluation.power import clips_to_show


def test_with_that_many_clips_four_of_five_evaluations_show_the_difference():
    """Each clip is gained, lost or neither; a true difference of 5 points."""
    p_gain, p_loss, n_clips = 0.12, 0.07, 300
    spread = np.sqrt(p_gain + p_loss - 0.05**2)
    n_enough = n_clips + clips_to_show(0.05, spread / np.sqrt(n_clips), n_clips)
    rng = np.random.default_rng(0)
    counts = rng.multinomial(n_enough, [p_gain, p_loss, 1 - p_gain - p_loss], size=4000)
    gains = (counts[:, 0] - counts[:, 1]) / n_enough
    errors = np.sqrt((counts[:, 0] + counts[:, 1]) / n_enough - gains**2) / np.sqrt(n_enough)
    assert (gains - 1.96 * errors > 0).mean() == pytest.approx(0.8, abs=0.025)


@pytest.mark.parametrize(
    ("error", "n_more"), [(0.0178, 0), (0.0179, 3), (0.03, 740), (0.3, 120000)]
)
def test_the_number_is_rounded_up_to_two_digits(error, n_more):
    assert clips_to_show(0.05, error, n_clips=400) == n_more
