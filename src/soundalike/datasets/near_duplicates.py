"""Find parts that two clips share: re-encoded, cut, resampled, delayed or amplified copies.

Copies share landmarks at the same offset in time, which an index finds without a comparison of all
pairs (`audio/landmarks.py`). The cross-correlation of the waveforms then decides
(`audio/cross_correlation.py`). Times are in seconds.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from soundalike.audio.audio_error import AudioError
from soundalike.audio.landmark_index import Candidate, LandmarkIndex
from soundalike.audio.landmarks import SAMPLE_RATE, Landmarks, landmarks
from soundalike.audio.waveform import read_blocks
from soundalike.datasets.clips import Clip, ClipTable, Problem
from soundalike.datasets.shared_parts import Recording, SharedPart, shared_parts
from soundalike.runtime.progress import progress_bar
from soundalike.runtime.workers import map_in_processes


@dataclass(frozen=True)
class NearDuplicate:
    """A part of a clip that another clip holds too; times are in the sound files.

    Args:
        clip: position of the clip in its table.
        path: its sound file.
        start_s: start of the part.
        end_s: end of the part.
        other: position of the other clip in its table.
        other_path: its sound file.
        other_start_s: start of the part in that file.
        correlation: of the waveforms at 8 kHz; negative if the polarity is inverted.
        is_across_splits: If true, the clips are of one table, and their splits or folds differ.
    """

    clip: int
    path: str
    start_s: float
    end_s: float
    other: int
    other_path: str
    other_start_s: float
    correlation: float
    is_across_splits: bool = False

    def __str__(self) -> str:
        return (
            f"{self.path} {self.start_s:.1f}-{self.end_s:.1f} s is in {self.other_path} at "
            f"{self.other_start_s:.1f} s, correlation {self.correlation:.2f}"
        )


@dataclass(frozen=True)
class NearDuplicates:
    """What `find_near_duplicates` found.

    Args:
        pairs: the parts that two clips share, in the order of the clips.
        problems: the clips that could not be read.
        is_within: If true, the clips were compared with each other.
    """

    pairs: list[NearDuplicate]
    problems: list[Problem]
    is_within: bool = True


def find_near_duplicates(
    clips: ClipTable,
    others: ClipTable | None = None,
    *,
    n_workers: int | None = None,
    progress: bool = True,
) -> NearDuplicates:
    """Find the parts of at least half a second that two clips share, and clips that are identical.

    Gain, polarity, sample rate, codec, cuts and delays may differ; speed and pitch may not. Steady
    tones, single clicks and shorter clips correlate by chance, so only identical ones are paired,
    all with the first of them. A part that very many clips share is paired with some of them.
    Memory grows by about 3 MB per hour of `clips`, and not with `others`.

    Args:
        clips: the clips.
        others: what they are compared with; by default, they are compared with each other, but not
            with segments of the same sound file. The shorter clip is then the first of a pair.
        n_workers: number of processes; by default one for every processor.
        progress: If true, progress bars are shown on standard error.
    """
    problems: list[Problem] = []
    facts = list(_facts(clips, problems, n_workers, progress))
    is_within = others is None
    other_clips = clips if others is None else others
    other_facts = (
        progress_bar(facts, name="search", unit="clips", is_shown=progress)
        if is_within
        else _facts(other_clips, problems, n_workers, progress)
    )
    comparisons = _comparisons(clips, facts, other_clips, other_facts, is_within=is_within)
    results = map_in_processes(_compare, comparisons.values(), n_workers)
    pairs: list[NearDuplicate] = []
    with progress_bar(
        results, name="compare", unit="pairs", total=len(comparisons), is_shown=progress
    ) as bar:
        for ((i, j), (a, b, _)), parts in zip(comparisons.items(), bar, strict=True):
            if isinstance(parts, Problem):
                problems.append(parts)
                continue
            if is_within and (b.duration_s, j) < (a.duration_s, i):
                i, j, a, b = j, i, b, a
                parts = [part.swapped() for part in parts]
            is_across = is_within and (a.clip.split, a.clip.fold) != (b.clip.split, b.clip.fold)
            pairs += [_near_duplicate(i, a.clip, j, b.clip, part, is_across) for part in parts]
    pairs.sort(key=lambda pair: (pair.clip, pair.other, pair.start_s))
    return NearDuplicates(pairs, problems, is_within)


class _Facts(NamedTuple):
    landmarks: Landmarks
    duration_s: float
    audio_hash: str  # of the waveform at 8 kHz; "" for silence


_NOTHING = _Facts((np.empty(0, np.uint32), np.empty(0, np.int32)), 0.0, "")


def _facts(
    clips: ClipTable, problems: list[Problem], n_workers: int | None, progress: bool
) -> Iterator[_Facts]:
    """Yield the landmarks and the duration of each clip; collect the problems of broken clips."""
    problems += clips.problems
    results = map_in_processes(_facts_of, clips, n_workers)
    name = f"landmarks of {clips.name}"
    with progress_bar(results, name=name, unit="clips", total=len(clips), is_shown=progress) as bar:
        for result in bar:
            if isinstance(result, Problem):
                problems.append(result)
            yield _NOTHING if isinstance(result, Problem) else result


def _facts_of(clip: Clip) -> _Facts | Problem:
    n_samples, is_silent, sha = 0, True, hashlib.sha256()

    def blocks() -> Iterator[NDArray[np.float32]]:
        nonlocal n_samples, is_silent
        for block in read_blocks(clip.path, SAMPLE_RATE, clip.start_s, clip.end_s):
            n_samples += len(block)
            is_silent = is_silent and not block.any()
            sha.update(block.tobytes())
            yield block

    try:
        of_clip = landmarks(blocks())
        return _Facts(of_clip, n_samples / SAMPLE_RATE, "" if is_silent else sha.hexdigest())
    except AudioError as error:
        return Problem(clip.path, error.problem, str(error))


def _comparisons(
    clips: ClipTable,
    facts: Sequence[_Facts],
    other_clips: ClipTable,
    other_facts: Iterable[_Facts],
    *,
    is_within: bool,
) -> "dict[tuple[int, int], _Comparison]":
    """Return the pairs of clips to compare, by their positions, in order.

    Args:
        clips: the clips.
        facts: theirs.
        other_clips: what they are compared with.
        other_facts: theirs, read one after another.
        is_within: If true, the clips are compared with each other.
    """
    recordings = clips.rows["path"].factorize()[0]
    index = LandmarkIndex([fact.landmarks for fact in facts], recordings)
    identical: dict[str, list[int]] = {}
    for i, fact in enumerate(facts):
        identical.setdefault(fact.audio_hash, []).append(i)
    durations_s: list[float] = []
    candidates: dict[tuple[int, int], list[Candidate]] = {}
    for j, fact in enumerate(other_facts):
        durations_s.append(fact.duration_s)
        below = recordings[j] if is_within else None
        copies = identical.get(fact.audio_hash, []) if fact.audio_hash else []
        if is_within:  # not the clip itself, nor another segment of its file
            copies = [i for i in copies[:1] if recordings[i] < recordings[j]]
        candidates |= {(i, j): [] for i in copies}
        if not is_within:
            identical[fact.audio_hash] = copies[:1]
        for candidate in index.candidates(fact.landmarks, below):
            if candidate.clip not in copies:
                candidates.setdefault((candidate.clip, j), []).append(candidate)
    first = _at(clips, (i for i, _ in candidates))
    second = _at(other_clips, (j for _, j in candidates))
    return {
        (i, j): _Comparison(
            Recording(first[i], facts[i].duration_s),
            Recording(second[j], durations_s[j]),
            candidates[i, j],
        )
        for i, j in sorted(candidates)
    }


def _at(clips: ClipTable, positions: Iterable[int]) -> dict[int, Clip]:
    """Return the clips at some positions."""
    ordered = sorted(set(positions))
    return dict(zip(ordered, clips.where(np.array(ordered, int)), strict=True))


class _Comparison(NamedTuple):
    first: Recording
    second: Recording
    candidates: list[Candidate]  # none if the clips are known to be identical


def _compare(comparison: _Comparison) -> list[SharedPart] | Problem:
    if not comparison.candidates:
        return [SharedPart(0.0, comparison.first.duration_s, 0.0, 1.0)]
    try:
        return shared_parts(*comparison)
    except AudioError as error:  # such as a file that has changed since
        return Problem(str(error.path), error.problem, str(error))


def _near_duplicate(
    i: int, clip: Clip, j: int, other: Clip, part: SharedPart, is_across_splits: bool
) -> NearDuplicate:
    begin_s = clip.start_s or 0.0
    other_start_s = (other.start_s or 0.0) + part.start_s + part.offset_s
    return NearDuplicate(
        clip=i,
        path=clip.path,
        start_s=round(max(0.0, begin_s + part.start_s), 3),
        end_s=round(begin_s + part.end_s, 3),
        other=j,
        other_path=other.path,
        other_start_s=round(max(0.0, other_start_s), 3),
        correlation=round(part.correlation, 3),
        is_across_splits=is_across_splits,
    )
