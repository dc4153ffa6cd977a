"""An index of the landmarks of many clips: which clips share some, at the same offset in time?

Times are in frames, as in `audio/landmarks.py`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.landmarks import Landmarks

PIECE_FRAMES = 625  # 10 s of a clip are looked up at a time
LEAST_VOTES = 5  # landmarks that a piece shares with a clip at one offset
MOST_CANDIDATES = 10  # of a piece
# A landmark that occurs so much more often than the average, as in a long tone, tells nothing.
MOST_OCCURRENCES, MOST_TIMES_AVERAGE = 100, 20


class Candidate(NamedTuple):
    """A part of a clip that may be a copy.

    Args:
        clip: position of the clip in the index that holds it too.
        offset: time in that clip minus time in this one.
        start: the first landmark that both share, in this one.
        end: the last one.
    """

    clip: int
    offset: int
    start: int
    end: int


class LandmarkIndex:
    """Finds clips that share landmarks with a clip.

    Args:
        clips: the landmarks of each clip.
        groups: a number for each clip, which tells clips that are not to be compared.

    Shape:
        groups: [clips].
    """

    def __init__(self, clips: Sequence[Landmarks], groups: NDArray[np.int64]) -> None:
        names = np.concatenate([np.empty(0, np.uint32), *(names for names, _ in clips)])
        order = names.argsort(kind="stable")
        self._names = names[order]
        n_landmarks = [len(names) for names, _ in clips]
        self._clips = np.arange(len(clips), dtype=np.int32).repeat(n_landmarks)[order]
        self._frames = np.concatenate([np.empty(0, np.int32), *(f for _, f in clips)])[order]
        self._groups = groups
        n_names = max(1, int((np.diff(self._names) > 0).sum()) + 1)
        average = MOST_TIMES_AVERAGE * len(names) / n_names
        self._most_occurrences = max(MOST_OCCURRENCES, average)

    def candidates(self, landmarks: Landmarks, below: int | None = None) -> list[Candidate]:
        """Return the parts of a clip that clips of the index may hold too.

        Args:
            landmarks: those of the clip.
            below: only clips of lower groups are looked up; None for all.
        """
        names, frames = landmarks
        pieces = frames // PIECE_FRAMES
        results: list[Candidate] = []
        for piece in np.unique(pieces):
            is_in_piece = pieces == piece
            results += self._candidates(names[is_in_piece], frames[is_in_piece], below)
        return results

    def _candidates(
        self, names: NDArray[np.uint32], frames: NDArray[np.int32], below: int | None
    ) -> list[Candidate]:
        first = self._names.searchsorted(names, "left")
        n_hits = self._names.searchsorted(names, "right") - first
        n_hits[n_hits > self._most_occurrences] = 0
        before = n_hits.cumsum() - n_hits
        hits = np.arange(n_hits.sum()) + (first - before).repeat(n_hits)
        clips, times = self._clips[hits].astype(np.int64), frames.repeat(n_hits).astype(np.int64)
        keys = (clips << 32) + (self._frames[hits] - times + (1 << 31))
        if below is not None:
            is_wanted = self._groups[clips] < below
            keys, times = keys[is_wanted], times[is_wanted]
        if not len(keys):
            return []
        order = keys.argsort(kind="stable")
        keys, starts, votes = np.unique(keys[order], return_index=True, return_counts=True)
        start = np.minimum.reduceat(times[order], starts)
        end = np.maximum.reduceat(times[order], starts)
        # A delay by a part of a frame divides the votes between two neighboring offsets.
        has_next = np.append(np.diff(keys) == 1, False)
        votes += np.where(has_next, np.roll(votes, -1), 0)
        likeliest = (-votes).argsort(kind="stable")[:MOST_CANDIDATES]
        likeliest = likeliest[votes[likeliest] >= LEAST_VOTES]
        return [
            Candidate(
                int(keys[i] >> 32),
                int(keys[i] & 0xFFFFFFFF) - (1 << 31),
                int(start[i]),
                int(end[i]),
            )
            for i in likeliest
        ]
