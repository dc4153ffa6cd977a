"""Windows of a clip: where they start, what happens at the ends, and cutting them from a stream."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.audio.windows import Windows


@st.composite
def windows_of(draw, overlapping=False):
    n_frames = draw(st.integers(1, 120))
    hop_frames = draw(st.integers(1, n_frames if overlapping else 300))
    return Windows(n_frames, hop_frames, draw(st.integers(1, n_frames)), draw(st.booleans()))


def log_mel_of(n_frames):
    return np.arange(n_frames, dtype=np.float32)[:, None]


def in_blocks(n_frames, cuts):
    return np.split(log_mel_of(n_frames), sorted(cut % n_frames for cut in cuts))


CUTS = st.lists(st.integers(0, 600), max_size=6)


@given(windows=windows_of(), clip_frames=st.integers(1, 600))
def test_every_window_that_fits_starts_a_hop_after_the_last_one(windows, clip_frames):
    starts, start = [], 0
    while start + windows.n_frames <= clip_frames:
        starts.append(start)
        start += windows.hop_frames
    starts = starts or [0]  # a clip shorter than a window is one window
    last = clip_frames - windows.n_frames
    if windows.align_last and last > starts[-1]:
        starts.append(last)
    assert windows.starts(clip_frames).dtype == np.int64
    assert windows.starts(clip_frames).tolist() == starts


@given(windows=windows_of(overlapping=True), clip_frames=st.integers(1, 600))
def test_aligned_windows_cover_every_frame_and_no_two_are_the_same(windows, clip_frames):
    aligned = Windows(windows.n_frames, windows.hop_frames, windows.min_frames, align_last=True)
    starts = aligned.starts(clip_frames)
    assert (np.diff(starts) > 0).all()
    covered = {frame for start in starts for frame in range(start, start + aligned.n_frames)}
    assert covered >= set(range(clip_frames))
    assert starts[-1] + aligned.n_frames == max(clip_frames, aligned.n_frames)


@given(windows=windows_of(), clip_frames=st.integers(1, 600), cuts=CUTS)
def test_windows_of_blocks_are_those_of_the_whole_clip(windows, clip_frames, cuts):
    results = list(windows.cut(in_blocks(clip_frames, cuts)))
    clip = np.resize(log_mel_of(clip_frames), (max(clip_frames, windows.min_frames), 1))
    assert [start for start, _ in results] == windows.starts(len(clip)).tolist()
    for start, window in results:
        assert np.array_equal(window, clip[start : start + windows.n_frames])
        assert len(window) == windows.length(clip_frames)


@pytest.mark.parametrize("align_last", [False, True])
def test_memory_does_not_grow_with_the_clip(align_last):
    windows = Windows.half_overlapping(100, align_last=align_last)

    def peak_bytes(n_blocks):
        tracemalloc.start()
        for _ in windows.cut(np.zeros((64, 4), np.float32) for _ in range(n_blocks)):
            pass
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    assert peak_bytes(400) < 1.5 * peak_bytes(20)


def test_a_recording_of_14_9_seconds_in_windows_of_10_seconds():
    paper = Windows.half_overlapping(1000)
    assert paper.starts(1490).tolist() == [0]
    assert Windows.half_overlapping(1000, align_last=True).starts(1490).tolist() == [0, 490]


def test_a_short_clip_is_repeated_and_a_clip_without_blocks_has_no_window():
    windows = Windows.half_overlapping(100, 10)
    ((start, window),) = windows.cut(in_blocks(4, [2]))
    assert start == 0
    assert window[:, 0].tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0, 1]
    assert list(windows.cut([])) == []


@given(clip_frames=st.integers(1, 60), cuts=CUTS)
def test_only_a_short_clip_is_repeated(clip_frames, cuts):
    blocks = Windows.half_overlapping(100, 40).repeat_short(in_blocks(clip_frames, cuts))
    frames = np.concatenate(list(blocks))[:, 0]
    assert np.array_equal(frames, np.arange(max(clip_frames, 40)) % clip_frames)


def test_windows_overlap_by_half():
    assert Windows.half_overlapping(101) == Windows(101, 50, 101)
    assert Windows.half_overlapping(300, 101, align_last=True) == Windows(300, 150, 101, True)
    assert Windows.half_overlapping(1).hop_frames == 1


@pytest.mark.parametrize("lengths", [(0, 50, 1), (101, 0, 1), (101, -1, 1), (101, 50, 0)])
def test_lengths_below_one_are_refused(lengths):
    with pytest.raises(ValueError, match="of at least 1"):
        Windows(*lengths)


def test_a_window_is_at_least_a_patch():
    with pytest.raises(ValueError, match="at least the 101 frames of a patch, got 100"):
        Windows.half_overlapping(100, 101)


def test_windows_of_other_lengths_and_distances():
    windows = Windows(1003, 501, 101, align_last=True)
    frame_s = 220 / 22050
    assert windows.resized(frame_s) == windows
    assert windows.resized(frame_s, 2.0) == Windows(201, 100, 101, align_last=True)
    assert windows.resized(frame_s, 2.0, 0.5) == Windows(201, 50, 101, align_last=True)
    assert windows.resized(frame_s, hop_s=1.0) == Windows(1003, 100, 101, align_last=True)
    assert windows.resized(frame_s, 1.0, 0.001) == Windows(101, 1, 101, align_last=True)
    for window_s, hop_s, message in (
        (0.5, None, "window_s must be at least 1.00, the patches .* got 0.5"),
        (2.0, 2.5, "hop_s must be at most the 2.00 s of a window, .* got 2.5"),
        (None, 11.0, "hop_s must be at most the 10.00 s of a window"),
    ):
        with pytest.raises(ValueError, match=message):
            windows.resized(frame_s, window_s, hop_s)
    in_words = windows.resized(frame_s, 2.0, 0.5).in_words(frame_s)
    assert in_words == "windows of 2 s every 0.499 s (a shorter clip is one window)"
