"""Clicks: bursts that are much louder than all else, on top of a sound that goes on.

A knock of the microphone, a plug that is pulled, a splice. A drum, a clap or a bark is not one:
it decays, or the sound before it is not that after it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Peaks are measured in frames of this length.
FRAME_S = 0.01
# Frames that a click lasts at most.
LONGEST = 15
# A click is at least 18 dB above the peak of everything else, and at most 30 dB: what is louder
# still is a sound in silence.
LEAST, MOST = 10 ** (18 / 20), 10 ** (30 / 20)
# It starts and stops at once: between its first and last frame it is within 6 dB of its peak.
STEADY = 10 ** (-6 / 20)
# The sound goes on: medians of the peaks in these numbers of frames before and after the click are
# within 9 dB of each other. Differences 20 dB below the peak of everything else do not count.
NEAR, AROUND = 5, 20
ALIKE = 10 ** (9 / 20)
FAINT = 10 ** (-20 / 20)


@dataclass(frozen=True)
class Click:
    """A click, and what the sound is without it.

    Args:
        start: its first frame.
        end: the frame after its last one.
        peak: the peak of the click.
        rest: the peak of everything else.
        around: the peak of the sound before and after it, and at least 20 dB below `rest`.
    """

    start: int
    end: int
    peak: float
    rest: float
    around: float


def find_click(peaks: NDArray[np.floating]) -> Click | None:
    """Return the click in a sound, if there is one; two that are equally loud are none.

    Shape:
        peaks: of frames of `FRAME_S`, [frames].

    >>> rain, click = [0.02, 0.03] * 20, [0.4] * 3
    >>> find_click(np.array(rain + click + rain))
    Click(start=40, end=43, peak=0.4, rest=0.03, around=0.03)
    >>> find_click(np.array([0.0] * 40 + click + [0.0] * 40))
    """
    peak = float(peaks.max())
    (loud,) = np.nonzero(peaks >= peak / LEAST)
    if peak == 0 or loud[-1] - loud[0] >= LONGEST:
        return None
    # The frames beside the loud ones may hold a part of the click.
    start, end = int(loud[0]) - 1, int(loud[-1]) + 2
    if start < NEAR or len(peaks) - end < NEAR:
        return None
    rest = float(max(peaks[:start].max(), peaks[end:].max()))
    start, end = start + int(peaks[start] <= rest), end - int(peaks[end - 1] <= rest)
    if peak > MOST * rest or (peaks[start + 1 : end - 1] < STEADY * peak).any():
        return None
    sides = [peaks[max(0, start - AROUND) : start], peaks[end : end + AROUND]]
    medians = [
        max(float(np.median(part)), FAINT * rest)
        for part in (sides[0], sides[0][-NEAR:], sides[1][:NEAR], sides[1])
    ]
    if max(medians) > ALIKE * min(medians):
        return None
    around = max(float(sides[0].max()), float(sides[1].max()), FAINT * rest)
    return Click(start, end, peak, rest, around)
