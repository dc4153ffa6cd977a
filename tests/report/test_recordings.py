"""The recorded sound behind frames of a store."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from soundalike.audio.audio_error import AudioError
from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.report.recordings import origin_of, read_or_reconstruct, read_stretch, restarts

RATE = 22050


def test_a_stretch_is_cut_between_the_centers_of_frames(tmp_path):
    waveform = np.linspace(-0.5, 0.5, 2 * RATE, dtype=np.float32)
    soundfile.write(tmp_path / "ramp.wav", waveform, RATE, subtype="FLOAT")
    clip = Clip(path=str(tmp_path / "ramp.wav"))
    stretch, short_s = read_stretch(clip, 201, 10, 101, LogMel())
    assert short_s is None
    np.testing.assert_allclose(stretch, waveform[2200 : 2200 + 22001], atol=1e-4)


def test_a_short_clip_is_repeated_as_the_front_end_repeats_it(tmp_path):
    waveform = np.linspace(-0.5, 0.5, RATE // 2, dtype=np.float32)
    soundfile.write(tmp_path / "short.wav", waveform, RATE, subtype="FLOAT")
    clip = Clip(path=str(tmp_path / "short.wav"))
    stretch, short_s = read_stretch(clip, 101, 0, 101, LogMel())
    assert short_s == 0.5
    expected = np.resize(waveform, round(LogMel().min_duration_s * RATE))[:22001]
    np.testing.assert_allclose(stretch, expected, atol=1e-4)


def test_a_missing_recording_is_an_error(tmp_path):
    with pytest.raises(AudioError):
        read_stretch(Clip(path=str(tmp_path / "no.wav")), 201, 0, 101, LogMel())


def test_a_clip_of_just_the_shortest_duration_is_not_repeated(tmp_path):
    soundfile.write(tmp_path / "second.wav", np.ones(RATE, np.float32), RATE)
    _, short_s = read_stretch(Clip(path=str(tmp_path / "second.wav")), 101, 0, 101, LogMel())
    assert short_s is None


@given(st.floats(0, 0.9), st.floats(0.05, 1), st.floats(0.01, 0.99))
def test_a_repeated_clip_starts_again_at_every_multiple_of_its_duration(start_s, length_s, clip_s):
    shares = np.array(restarts(start_s, length_s, clip_s))
    assert ((shares >= 0) & (shares <= 1)).all()
    assert abs(len(shares) - length_s / clip_s) <= 1
    times_s = start_s + shares * length_s
    np.testing.assert_allclose(times_s / clip_s, np.round(times_s / clip_s), atol=0.02)


def test_a_missing_recording_is_reconstructed(store):
    excerpt = read_or_reconstruct(store, 2, 5, 40)
    assert excerpt.is_recorded
    assert (excerpt.clip_s, excerpt.is_repeated) == (pytest.approx(1.5, abs=0.01), False)
    np.testing.assert_array_equal(excerpt.log_mel, store.of_clip(2)[5:45])
    rows = store.clips.rows.assign(path="gone.wav")
    gone = read_or_reconstruct(replace(store, clips=ClipTable("gone", rows)), 2, 5, 40)
    assert not gone.is_recorded
    assert gone.waveform.shape == excerpt.waveform.shape
    assert gone.clip_s == excerpt.clip_s


def test_the_origin_of_a_segment_has_its_times():
    assert origin_of(Clip("a/b.wav", "owl", start_s=1.5)) == "a · owl · from 1.5 s to its end"
    assert origin_of(Clip("a/b.wav", end_s=2)) == "a · from 0 s to 2 s"
    assert origin_of(Clip("b.wav", "owl")) == "owl"
    assert origin_of(Clip("b.wav", "owl;rain")) == "owl, rain"
    assert origin_of(Clip("forest/owl/b.wav", "owl")) == "forest/owl", "the label is the folder"


def test_the_origin_says_nothing_about_the_machine():
    assert origin_of(Clip("/home/ada/owls/b.wav", "owl")) == "owls · owl"
    assert origin_of(Clip("/b.wav")) == ""
