"""Windows that suit a source."""

import pytest

from soundalike.datasets.clips import Clip, ClipTable
from soundalike.search.window_choice import median_duration_s, with_suitable_windows


def test_long_recordings_get_short_windows(small_model, tmp_path, write_sound):
    long = str(write_sound(tmp_path / "long.wav", 31))
    short = str(write_sound(tmp_path / "short.wav", 0.5))
    (tmp_path / "broken.wav").touch()
    sounds = [Clip(long), Clip(long), Clip(short), Clip(str(tmp_path / "broken.wav"))]
    clips = ClipTable.of("x", sounds)
    assert median_duration_s(clips) == 31
    windows = with_suitable_windows(small_model, clips).windows
    assert windows.in_words(220 / 22050).startswith("windows of 2 s every 0.998 s")
    segments = ClipTable.of("x", [Clip(long, start_s=2.0, end_s=4.0)] * 2)
    assert median_duration_s(segments) == 2
    assert with_suitable_windows(small_model, segments) is small_model
    assert median_duration_s(ClipTable.of("x", [])) == 0


def test_windows_are_at_least_a_patch(small_model, tmp_path, write_sound):
    clips = ClipTable.of("x", [Clip(str(write_sound(tmp_path / "long.wav", 31)))])
    slow = small_model.with_windows(5.0)
    slow.windows = slow.windows.half_overlapping(501)
    windows = with_suitable_windows(slow, clips).windows
    assert windows.n_frames == pytest.approx(501, abs=1)
    assert windows.hop_frames == windows.n_frames // 2
