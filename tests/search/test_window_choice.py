"""Windows that suit a source."""

import numpy as np
import pytest

from soundalike.datasets.clips import Clip, ClipTable
from soundalike.search import window_choice as module
from soundalike.search.window_choice import (
    median_duration_s,
    note_on_long_clips,
    with_suitable_windows,
)


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


def test_long_recordings_among_short_sounds_are_said(
    small_model, tmp_path, write_sound, monkeypatch
):
    """They were cut into windows of 10 s, where the README promised 2 s."""
    long, short = (write_sound(tmp_path / f"{s}.wav", s) for s in (31, 0.5))
    (tmp_path / "broken.wav").touch()
    clips = ClipTable.of("x", [Clip(str(path)) for path in [short, short, long]])
    model = small_model.with_windows(10.0)
    assert with_suitable_windows(model, clips) is model
    note = note_on_long_clips(model, clips)
    assert note.startswith("1 of 3 clips is longer than 30 s, and cut into windows of 10 s")
    assert note.endswith("--window_s 2 --hop_s 1`")
    assert note_on_long_clips(small_model.with_windows(2.0), clips) is None
    assert note_on_long_clips(model, clips.where(np.array([0, 1]))) is None
    slow = model.with_windows()
    slow.windows = slow.windows.half_overlapping(501)
    assert note_on_long_clips(slow, clips).endswith("--window_s 4.99`")
    monkeypatch.setattr(module, "MOST_READ", 2)
    assert note_on_long_clips(model, clips).startswith("1 of 2 clips looked at is")
