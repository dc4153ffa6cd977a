"""How many clips it takes to show a difference (Cohen 1988, the normal approximation)."""

import math

from scipy import stats

LEVEL, POWER = 0.95, 0.8
# A difference of this many standard errors is outside of 0 at the level, with this power: 2.8.
N_ERRORS = float(stats.norm.ppf((1 + LEVEL) / 2) + stats.norm.ppf(POWER))


def clips_to_show(difference: float, standard_error: float, n_clips: int) -> int:
    """Return how many more clips, of the same kind, would show a difference.

    With them, the 95% interval of a true difference of this size excludes zero in four of five
    evaluations. The standard error falls with the square root of the number of clips.

    Args:
        difference: the true difference to show.
        standard_error: of the difference on the clips that there are.
        n_clips: number of these clips.

    Returns:
        The number rounded up to two digits; 0 if there are enough clips.

    >>> clips_to_show(0.05, standard_error=0.02, n_clips=400)
    110
    >>> clips_to_show(0.05, standard_error=0.017, n_clips=400)
    0
    """
    n_more = math.ceil(n_clips * ((N_ERRORS * standard_error / difference) ** 2 - 1))
    unit = 10 ** max(0, len(str(n_more)) - 2)
    return max(0, unit * math.ceil(n_more / unit))
