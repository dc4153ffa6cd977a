"""Windows of a class to events: stretches of a recording, with a start and an end.

A window of 2 s says that a sound is somewhere in it, so the union of all windows that have a sound
is longer than the sound. Each window stands for its middle: half of what it shares with the windows
beside it, at either end, is left to them. The first window of a recording stands for its beginning
too, and the last one for its end. Measured: docs/experiment_log.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TOUCH_S = 1e-3  # windows that are no farther apart touch


@dataclass(frozen=True)
class ClassWindows:
    """Windows of one recording that have a class; one with several classes comes several times.

    Args:
        classes: number of the class.
        start_s: start of the window in the recording, in seconds.
        end_s: end of the window.
        probabilities: of the class.
        is_first: whether the recording, or the clip of it, begins with the window.
        is_last: whether it ends with the window.

    Shape:
        all: [windows].
    """

    classes: NDArray[np.int64]
    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    is_first: NDArray[np.bool_]
    is_last: NDArray[np.bool_]


@dataclass(frozen=True)
class Events:
    """Events of one recording, by start and then by class.

    Args:
        classes: number of the class.
        start_s: start in the recording, in seconds.
        end_s: end.
        probabilities: the highest of the windows.

    Shape:
        all: [events].
    """

    classes: NDArray[np.int64]
    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    probabilities: NDArray[np.float64]

    def rounded(self) -> list[tuple[int, float, float, float]]:
        """Return the events as rows, times in milliseconds; no end is rounded up."""
        ends = np.floor(self.end_s * 1000 + 1e-6) / 1000
        starts = np.minimum(self.start_s.round(3), ends)  # of one that is shorter
        columns = self.classes, starts, ends, self.probabilities.round(4)
        return list(zip(*(column.tolist() for column in columns), strict=True))


def merge_windows(windows: ClassWindows, hop_s: float) -> Events:
    """Merge the windows of a class that overlap or touch.

    Args:
        windows: the windows, in any order.
        hop_s: from the start of one window of a recording to that of the next, in seconds.

    >>> def times(*values): return np.array(values, float)
    >>> no = np.array([False, False])
    >>> bark = ClassWindows(np.array([0, 0]), times(9, 10), times(11, 12), times(0.6, 0.9), no, no)
    >>> event = merge_windows(bark, hop_s=1.0)
    >>> event.start_s, event.end_s, event.probabilities
    (array([9.5]), array([11.5]), array([0.9]))
    """
    order = np.lexsort((windows.start_s, windows.classes))
    classes, start_s, end_s = windows.classes[order], windows.start_s[order], windows.end_s[order]
    n_windows = len(order)
    is_new = np.ones(n_windows, np.bool_)
    is_new[1:] = (classes[1:] != classes[:-1]) | (start_s[1:] > end_s[:-1] + TOUCH_S)
    first = np.flatnonzero(is_new)
    last = np.append(first[1:], n_windows)[: len(first)] - 1
    margin_s = np.maximum(0.0, end_s - start_s - hop_s) / 2
    inner_start_s = start_s + np.where(windows.is_first[order], 0.0, margin_s)
    inner_end_s = end_s - np.where(windows.is_last[order], 0.0, margin_s)
    probabilities = windows.probabilities[order]
    highest = np.maximum.reduceat(probabilities, first) if n_windows else probabilities
    by_start = np.lexsort((classes[first], inner_start_s[first]))
    return Events(
        classes[first][by_start],
        inner_start_s[first][by_start],
        inner_end_s[last][by_start],
        highest[by_start],
    )
