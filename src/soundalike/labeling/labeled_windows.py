"""What labels say of the windows of an archive: the one place where the two meet.

A label is of a span of a recording. If the span is a window of the archive, it is the label of that
window alone. Otherwise it is an event, and a label of all windows that it overlaps by at least half
of the shorter of the two. What is said of a window itself comes before what is said of events; of
several events in a window, one with the label is enough.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from soundalike.labeling.spans import NEAR_S, Spans

UNKNOWN, NO, YES = -1, 0, 1
"""What is known of a window: nothing, that it lacks the label, that it has it."""
RANDOM = "random"  # origin of the labels of windows that were picked at random
LEAST_SHARE = 0.5


@dataclass(frozen=True)
class LabeledWindows:
    """What is known of the windows of an archive, for one label.

    Args:
        known: UNKNOWN, NO or YES.
        is_random: If true, the window was picked at random to be labeled. Such windows estimate the
            precision of a detector; for its training, they have no label, like those that they
            stand for.
        is_near: If true, the window trains with no label of its own, but overlaps one that has the
            label. It may contain the same sound, so it is no example of windows without it.

    Shape:
        known, is_random, is_near: [windows].
    """

    known: NDArray[np.int8]
    is_random: NDArray[np.bool_]
    is_near: NDArray[np.bool_]

    @property
    def is_training(self) -> NDArray[np.bool_]:
        """Which windows have a label that a detector is trained on: [windows]."""
        return (self.known != UNKNOWN) & ~self.is_random


def labeled_windows(rows: pd.DataFrame, labels: pd.DataFrame) -> LabeledWindows:
    """Return what is known of windows.

    Args:
        rows: the windows: columns recording, start_s and end_s.
        labels: those of one name, the latest last: columns recording, start_s, end_s, value and
            origin; see `LabelTable.current`.
    """
    windows, spans = Spans.of(rows, labels)
    known = np.full(len(windows), UNKNOWN, np.int8)
    is_random, is_near = np.zeros((2, len(windows)), bool)
    of_windows = []
    statements = zip(spans, labels["value"], labels["origin"] == RANDOM, strict=True)
    for (recording, start_s, end_s), value, is_of_random in statements:
        positions, shared_s = windows.overlapping(recording, start_s, end_s)
        lengths_s = windows.end_s[positions] - windows.start_s[positions]
        longer_s = np.maximum(lengths_s, end_s - start_s)
        is_same = shared_s > longer_s - NEAR_S
        if is_same.any():
            of_windows.append((positions[is_same], value, is_of_random))
        else:
            shorter_s = np.minimum(lengths_s, end_s - start_s)
            within = positions[shared_s > LEAST_SHARE * shorter_s - NEAR_S]
            known[within] = np.maximum(known[within], value)
    for positions, value, is_of_random in of_windows:
        known[positions], is_random[positions] = value, is_of_random
    for span in windows.select((known == YES) & ~is_random):
        is_near[windows.overlapping(*span)[0]] = True
    is_near &= (known == UNKNOWN) | is_random
    return LabeledWindows(known, is_random, is_near)
