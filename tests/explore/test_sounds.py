"""Sounds for a browser."""

import io
import shutil

import numpy as np
import pytest
import soundfile

from soundalike.audio.audio_error import AudioError
from soundalike.explore.sounds import Stretch, context, playable_type, wav_of, waveform_of


@pytest.mark.parametrize(
    ("window", "recording_end_s", "stretch"),
    [
        ((0, 1), 100, Stretch(0, 10)),
        ((99, 100), 100, Stretch(90, 100)),
        ((40, 60), 100, Stretch(30, 70)),
        ((0, 50), 100, Stretch(0, 60)),
        ((0, 5), 5, Stretch(0, 5)),
    ],
)
def test_the_context_of_a_window(window, recording_end_s, stretch):
    assert context(*window, recording_end_s) == stretch


def test_high_rates_are_lowered(tmp_path):
    path = str(tmp_path / "bat.wav")
    soundfile.write(path, np.random.default_rng(0).uniform(-0.1, 0.1, 96_000), 192_000)
    waveform, rate = waveform_of(path, 0, 0.25)
    assert (len(waveform), rate) == (12_000, 48_000)


def test_silence_stays_silent(tmp_path):
    path = str(tmp_path / "silence.wav")
    soundfile.write(path, np.zeros(800), 8000)
    waveform, _ = soundfile.read(io.BytesIO(wav_of(path, 0, 1)))
    assert not waveform.any()


def test_browsers_play_some_formats(tmp_path, explored_root):
    wav = explored_root / "frogs" / "tree.wav"
    assert "wav" in playable_type(str(wav))
    copy = shutil.copy(wav, tmp_path / "tree.caf")
    assert playable_type(str(copy)) is None
    with pytest.raises(AudioError):
        playable_type(str(explored_root / "secret.txt"))
