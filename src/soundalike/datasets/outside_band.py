"""Clips whose energy lies outside the band of a front end, and the options that cover it.

Bands are [clips, 4]: the fields of `soundalike.audio.spectrum.Band`, NaN for silence.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.log_mel import LogMel

# A clip counts from these shares of its energy on. Wind and handling are often most of the energy
# of a recording, and lie below the band for a reason.
MIN_ABOVE, MIN_BELOW = 0.5, 0.9
SAMPLE_RATES = (22050, 32000, 44100, 48000, 96000, 192000, 256000, 384000, 500000)


def is_above(bands: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which clips have most of their energy above the band: [clips]."""
    return bands[:, 1] >= MIN_ABOVE


def is_below(bands: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which clips have nearly all of their energy below the band: [clips]."""
    return bands[:, 0] >= MIN_BELOW


def advice(paths: Sequence[str], bands: NDArray[np.float64], front_end: LogMel) -> list[str]:
    """Return a line each on clips above and below the band, if there are any.

    Args:
        paths: of the clips.
        bands: of the clips.
        front_end: whose band it is.
    """
    lines = []
    for where, edge, is_outside, shares, options in (
        ("above", front_end.fmax, is_above(bands), bands[:, 1], _higher_options),
        ("below", front_end.fmin, is_below(bands), bands[:, 0], _lower_options),
    ):
        (indices,) = np.nonzero(is_outside)
        if not len(indices):
            continue
        more = f" and {len(indices) - 1:,} more" if len(indices) > 1 else ""
        lines.append(
            f"{paths[indices[0]]}{more}: {shares[indices].mean():.0%} of the energy is {where} "
            f"{edge:,.0f} Hz, which the model does not see. For one that does, pretrain with "
            f"{options(bands[indices], front_end)}"
        )
    return lines


def _higher_options(bands: NDArray[np.float64], front_end: LogMel) -> str:
    """Return options with an fmax above nearly all of the energy."""
    highest = float(bands[:, 3].max())
    rate = next((rate for rate in SAMPLE_RATES if rate >= 2 * highest), math.ceil(2 * highest))
    step = 10 ** (math.floor(math.log10(highest)) - 1)
    fmax = min(math.ceil(1.1 * highest / step) * step, rate // 2)
    return f"--front_end.sample_rate {rate} --front_end.fmax {fmax}"


def _lower_options(bands: NDArray[np.float64], front_end: LogMel) -> str:
    """Return options for sounds ten times as low and ten times as long, as patches then are."""
    return (
        f"--front_end.sample_rate {front_end.sample_rate // 10} "
        f"--front_end.fmin {front_end.fmin / 10:g} --front_end.fmax {front_end.fmax / 10:g} "
        f"--front_end.min_duration_s {front_end.min_duration_s * 10:g} "
        f"--training.segment_s {front_end.min_duration_s * 100:g}"
    )
