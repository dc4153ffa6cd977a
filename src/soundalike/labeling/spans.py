"""Parts of recordings, as arrays: which of them overlap.

Times are in seconds in the recording; spans are in any order.
"""

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

NEAR_S = 1e-3  # times that differ by less are equal


@dataclass(frozen=True)
class Spans:
    """Parts of recordings.

    Args:
        recordings: number of the recording of each span.
        start_s, end_s: of each span.

    Shape:
        recordings, start_s, end_s: [spans].
    """

    recordings: NDArray[np.int64]
    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]

    @classmethod
    def of(cls, *tables: pd.DataFrame) -> "list[Spans]":
        """Return the spans of tables with the columns recording, start_s and end_s.

        A recording has the same number in all tables.
        """
        names = np.concatenate([table["recording"].to_numpy(object) for table in tables])
        numbers = pd.factorize(names)[0].astype(np.int64)
        ends = np.cumsum([len(table) for table in tables])
        return [
            cls(part, table["start_s"].to_numpy(float), table["end_s"].to_numpy(float))
            for part, table in zip(np.split(numbers, ends[:-1]), tables, strict=True)
        ]

    def __len__(self) -> int:
        return len(self.recordings)

    def __iter__(self) -> Iterator[tuple[int, float, float]]:
        """Go through recordings, starts and ends."""
        times = self.start_s.tolist(), self.end_s.tolist()
        return zip(self.recordings.tolist(), *times, strict=True)

    def select(self, which: NDArray[Any]) -> "Spans":
        """Return some of the spans: those at these positions, or those for which it is true."""
        return Spans(self.recordings[which], self.start_s[which], self.end_s[which])

    def overlapping(
        self, recording: int, start_s: float, end_s: float
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return which spans overlap a part of a recording, and how many seconds they share.

        Shape:
            both: [overlaps]; the first are positions.
        """
        order, recordings = self._in_order
        first, stop = np.searchsorted(recordings, [recording, recording + 1])
        positions = order[first:stop]
        shared_s = np.minimum(self.end_s[positions], end_s)
        shared_s -= np.maximum(self.start_s[positions], start_s)
        shorter_s = np.minimum(self.end_s[positions] - self.start_s[positions], end_s - start_s)
        is_overlap = shared_s > np.minimum(NEAR_S, shorter_s / 2)
        return positions[is_overlap], shared_s[is_overlap]

    def is_peak(self, scores: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which spans score at least as high as all that overlap them.

        Shape:
            scores, result: [spans].
        """
        order, recordings = self._in_order
        start_s, end_s, scores = self.start_s[order], self.end_s[order] - NEAR_S, scores[order]
        is_best = np.ones(len(order), bool)
        for step in range(1, len(order)):
            left, right = slice(None, -step), slice(step, None)
            overlaps = (recordings[left] == recordings[right]) & (start_s[right] < end_s[left])
            if not overlaps.any():
                break
            is_best[left] &= ~(overlaps & (scores[left] < scores[right]))
            is_best[right] &= ~(overlaps & (scores[right] < scores[left]))
        result = np.empty_like(is_best)
        result[order] = is_best
        return result

    @functools.cached_property
    def _in_order(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions in the order of recording and start, and the recordings in this order."""
        order = np.lexsort((self.start_s, self.recordings))
        return order, self.recordings[order]
