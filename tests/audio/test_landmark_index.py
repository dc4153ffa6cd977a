"""Clips that share landmarks at one offset are candidates, in the right place and order."""

import numpy as np
import pytest

from soundalike.audio.landmark_index import (
    LEAST_VOTES,
    MOST_CANDIDATES,
    PIECE_FRAMES,
    LandmarkIndex,
)


def clip(seed, n=40, length=PIECE_FRAMES):
    """Return random landmarks in order of time."""
    rng = np.random.default_rng(seed)
    frames = np.sort(rng.integers(0, length, n)).astype(np.int32)
    return rng.integers(0, 2**21, n).astype(np.uint32), frames


def later(landmarks, n_frames, n=None):
    """Return some of a clip's landmarks at later frames."""
    names, frames = landmarks
    return names[:n], frames[:n] + np.int32(n_frames)


def index_of(*clips):
    """Return an index in which every clip is a recording of its own."""
    return LandmarkIndex(clips, np.arange(len(clips)))


@pytest.mark.parametrize("offset", [0, 3, 100])
def test_a_copy_is_found_at_its_offset(offset):
    index = index_of(clip(0), clip(1), clip(2))
    candidates = index.candidates(later(clip(1), offset))
    assert {(c.clip, c.offset) for c in candidates} == {(1, -offset)}
    times = later(clip(1), offset)[1]
    assert (min(c.start for c in candidates), max(c.end for c in candidates)) == (
        times[0],
        times[-1],
    )


def test_a_copy_in_a_longer_clip_is_found_piece_by_piece():
    long = clip(0, n=200, length=5 * PIECE_FRAMES)
    candidates = index_of(long).candidates(long)
    assert [c.start // PIECE_FRAMES for c in candidates] == [0, 1, 2, 3, 4]
    assert all(c.offset == 0 for c in candidates)


@pytest.mark.parametrize("n_shared", [LEAST_VOTES - 1, LEAST_VOTES])
def test_a_few_shared_landmarks_are_chance(n_shared):
    candidates = index_of(clip(0)).candidates(later(clip(0), 5, n_shared))
    assert bool(candidates) == (n_shared == LEAST_VOTES)


def test_votes_for_neighboring_offsets_count_together():
    names, frames = later(clip(0), 5, LEAST_VOTES)
    frames = frames + np.arange(LEAST_VOTES, dtype=np.int32) % 2
    assert len(index_of(clip(0)).candidates((names, frames))) == 1


def test_the_most_similar_clips_come_first():
    names, frames = clip(0)
    parts = [(names[:n], frames[:n]) for n in range(LEAST_VOTES, LEAST_VOTES + 20)]
    candidates = index_of(*parts).candidates((names, frames))
    assert [c.clip for c in candidates] == list(range(19, 19 - MOST_CANDIDATES, -1))


def test_only_lower_groups_are_looked_up_if_asked():
    index = LandmarkIndex([clip(0)] * 4, np.array([0, 1, 1, 2]))
    assert {c.clip for c in index.candidates(clip(0), below=1)} == {0}
    assert {c.clip for c in index.candidates(clip(0), below=2)} == {0, 1, 2}
    assert index.candidates(clip(0), below=0) == []


def test_landmarks_of_long_tones_are_ignored():
    tone = np.zeros(2000, np.uint32), np.arange(2000, dtype=np.int32)
    assert index_of(tone, clip(1)).candidates(tone) == []


def test_an_empty_index_and_an_empty_clip_have_no_candidates():
    nothing = np.empty(0, np.uint32), np.empty(0, np.int32)
    assert index_of().candidates(clip(0)) == []
    assert index_of(nothing).candidates(clip(0)) == []
    assert index_of(clip(0)).candidates(nothing) == []
