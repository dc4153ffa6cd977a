"""Pictures and sounds inside a page."""

import base64
import io

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread

from soundalike.report.media import Media, color_range, picture_of_log_mel, sound_of_waveform


def content(address):
    return io.BytesIO(base64.b64decode(address.partition("base64,")[2]))


def test_a_picture_has_time_to_the_right_and_low_bands_at_the_bottom():
    log_mel = np.zeros((20, 8), dtype=np.float32)
    log_mel[15, 0] = 1
    pixels = imread(content(picture_of_log_mel(log_mel, 0, 1)))[..., :3].sum(axis=-1)
    assert pixels.shape == (8, 20)
    assert np.unravel_index(pixels.argmax(), pixels.shape) == (7, 15)


@pytest.mark.parametrize("formats", [None, {"WAV": "WAV"}])
def test_a_sound_is_encoded_at_a_normalized_level(monkeypatch, formats):
    if formats is not None:
        monkeypatch.setattr(soundfile, "available_formats", lambda: formats)
    time_s = np.arange(22050) / 22050
    waveform = 0.01 * np.sin(2 * np.pi * 440 * time_s).astype(np.float32)
    played, sample_rate = soundfile.read(content(sound_of_waveform(waveform, 22050)))
    loudest = np.abs(np.fft.rfft(played)).argmax() * sample_rate / len(played)
    assert sample_rate == 22050
    assert loudest == pytest.approx(440, abs=2)
    assert np.abs(played).max() == pytest.approx(0.8, abs=0.1)


@pytest.mark.parametrize(
    ("rate", "played_at"), [(2205, 8000), (20_000, 22_050), (44_100, 44_100), (96_000, 48_000)]
)
def test_a_sound_of_any_rate_is_played(rate, played_at):
    waveform = np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    played, sample_rate = soundfile.read(content(sound_of_waveform(waveform, rate)))
    loudest = np.abs(np.fft.rfft(played)).argmax() * sample_rate / len(played)
    assert sample_rate == played_at
    assert len(played) == pytest.approx(played_at, abs=1200)
    assert loudest == pytest.approx(440, abs=2)


def test_silence_stays_silent():
    played, _ = soundfile.read(content(sound_of_waveform(np.zeros(8000, np.float32), 22050)))
    assert np.abs(played).max() < 1e-3


def test_colors_span_the_values_without_outliers():
    values = np.linspace(-8, 0, 10_000, dtype=np.float32).reshape(100, 100)
    low, high = color_range([values, values])
    assert low == pytest.approx(-7.84, abs=0.01)
    assert high == pytest.approx(-0.008, abs=0.01)


def test_a_picture_and_its_sound_are_added():
    media = Media(22050, (0, 1), ["before"])
    item = media.add("a patch", np.zeros((5, 4)), np.zeros(99))
    assert (item.name, item.sound, len(media.sounds)) == ("a patch", 1, 2)
    assert item.picture.startswith("data:image/png;base64,")
    assert item.marks == ()
    assert media.add("a patch", np.zeros((5, 4)), np.zeros(99), [0.5]).marks == (0.5,)
