"""The recorded sound behind frames of a store."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from soundalike.audio.audio_error import AudioError
from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.report.recordings import origin_of, read_or_reconstruct, read_stretch

RATE = 22050


def test_a_stretch_is_cut_between_the_centers_of_frames(tmp_path):
    waveform = np.linspace(-0.5, 0.5, 2 * RATE, dtype=np.float32)
    soundfile.write(tmp_path / "ramp.wav", waveform, RATE, subtype="FLOAT")
    clip = Clip(path=str(tmp_path / "ramp.wav"))
    stretch = read_stretch(clip, 201, 10, 101, LogMel())
    np.testing.assert_allclose(stretch, waveform[2200 : 2200 + 22001], atol=1e-4)


def test_a_short_clip_is_repeated_as_the_front_end_repeats_it(tmp_path):
    waveform = np.linspace(-0.5, 0.5, RATE // 2, dtype=np.float32)
    soundfile.write(tmp_path / "short.wav", waveform, RATE, subtype="FLOAT")
    clip = Clip(path=str(tmp_path / "short.wav"))
    stretch = read_stretch(clip, 101, 0, 101, LogMel())
    expected = np.resize(waveform, round(LogMel().min_duration_s * RATE))[:22001]
    np.testing.assert_allclose(stretch, expected, atol=1e-4)


def test_a_missing_recording_is_an_error(tmp_path):
    with pytest.raises(AudioError):
        read_stretch(Clip(path=str(tmp_path / "no.wav")), 201, 0, 101, LogMel())


def test_a_missing_recording_is_reconstructed(store):
    frames, waveform, is_recorded = read_or_reconstruct(store, 2, 5, 40)
    assert is_recorded
    np.testing.assert_array_equal(frames, store.of_clip(2)[5:45])
    rows = store.clips.rows.assign(path="gone.wav")
    gone = replace(store, clips=ClipTable("gone", rows))
    _, reconstructed, is_recorded = read_or_reconstruct(gone, 2, 5, 40)
    assert not is_recorded
    assert reconstructed.shape == waveform.shape


def test_the_origin_of_a_segment_has_its_times():
    assert origin_of(Clip("a/b.wav", "owl", start_s=1.5)) == "a · owl · from 1.5 s to its end"
    assert origin_of(Clip("a/b.wav", end_s=2)) == "a · from 0 s to 2 s"
    assert origin_of(Clip("b.wav", "owl")) == "owl"
