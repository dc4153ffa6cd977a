"""Groups of sounds that are copies of each other, or of parts of each other."""

from dataclasses import dataclass

import numpy as np

from soundalike.datasets.clips import ClipTable, Problem
from soundalike.datasets.near_duplicates import find_near_duplicates


@dataclass(frozen=True)
class DuplicateGroups:
    """Sounds that share a part with each other.

    Args:
        groups: paths of the sounds of every group, the largest group first.
        problems: clips that could not be read.
    """

    groups: list[list[str]]
    problems: list[Problem]


def duplicate_groups(clips: ClipTable, *, progress: bool = True) -> DuplicateGroups:
    """Group the clips that share half a second or more, directly or through others.

    `find_near_duplicates` says what counts as shared: a part may be re-encoded, cut, resampled or
    amplified.

    Args:
        clips: the clips.
        progress: If true, progress bars are shown on standard error.
    """
    duplicates = find_near_duplicates(clips, progress=progress)
    first = list(range(len(clips)))  # of each clip's group, or a step towards it

    def first_of(clip: int) -> int:
        while first[clip] != clip:
            first[clip] = first[first[clip]]
            clip = first[clip]
        return clip

    for pair in duplicates.pairs:
        a, b = sorted((first_of(pair.clip), first_of(pair.other)))
        first[b] = a
    paths = clips.relative_paths().to_numpy(object)
    members: dict[int, list[str]] = {}
    for clip in np.unique([each for pair in duplicates.pairs for each in (pair.clip, pair.other)]):
        members.setdefault(first_of(int(clip)), []).append(paths[int(clip)])
    groups = [list(dict.fromkeys(group)) for group in members.values()]
    return DuplicateGroups(sorted(groups, key=len, reverse=True), duplicates.problems)
