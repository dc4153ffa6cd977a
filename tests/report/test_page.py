import base64
import io
import json

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread

from soundalike.report.page import (
    color_range,
    fill,
    picture_of_log_mel,
    playable,
    script_json,
    sound_of_waveform,
    table,
)


def content(address):
    return io.BytesIO(base64.b64decode(address.partition("base64,")[2]))


def test_a_forgotten_or_unknown_part_is_named():
    with pytest.raises(ValueError, match="verdict"):
        fill("<h1>{{title}}</h1>{{verdict}}", {"title": "Rain"})
    with pytest.raises(ValueError, match="verdict"):
        fill("<h1>{{title}}</h1>", {"title": "Rain", "verdict": "wet"})


def test_what_is_filled_in_is_not_filled_again():
    assert fill("{{a}} {{b}}", {"a": "{{b}}", "b": "x"}) == "{{b}} x"


def test_a_picture_has_time_to_the_right_and_low_bands_at_the_bottom():
    log_mel = np.zeros((20, 8), dtype=np.float32)
    log_mel[15, 0] = 1
    pixels = imread(content(picture_of_log_mel(log_mel, 0, 1)))[..., :3].sum(axis=-1)
    assert pixels.shape == (8, 20)
    assert np.unravel_index(pixels.argmax(), pixels.shape) == (7, 15)


@pytest.mark.parametrize("formats", [None, {"WAV": "WAV"}])
def test_a_sound_plays_as_it_was_at_one_loudness(monkeypatch, formats):
    if formats is not None:
        monkeypatch.setattr(soundfile, "available_formats", lambda: formats)
    time_s = np.arange(22050) / 22050
    waveform = 0.01 * np.sin(2 * np.pi * 440 * time_s).astype(np.float32)
    played, sample_rate = soundfile.read(content(sound_of_waveform(waveform, 22050)))
    loudest = np.abs(np.fft.rfft(played)).argmax() * sample_rate / len(played)
    assert sample_rate == 22050
    assert loudest == pytest.approx(440, abs=2)
    assert np.abs(played).max() == pytest.approx(0.8, abs=0.1)


def test_silence_stays_silent():
    played, _ = soundfile.read(content(sound_of_waveform(np.zeros(8000, np.float32), 22050)))
    assert np.abs(played).max() < 1e-3


def test_a_table_has_a_heading_for_each_row():
    assert table(("name", "score"), [("a", "1"), ("b", "2")]).count('<th scope="row">') == 2


def test_colors_span_what_is_shown_but_for_outliers():
    values = np.linspace(-8, 0, 10_000, dtype=np.float32).reshape(100, 100)
    low, high = color_range([values, values])
    assert low == pytest.approx(-7.84, abs=0.01)
    assert high == pytest.approx(-0.008, abs=0.01)


def test_a_playable_picture_brings_its_sound():
    sounds = ["before"]
    html = playable('a "patch" & <b>', np.zeros((5, 4)), np.zeros(99), 22050, (0, 1), sounds)
    assert len(sounds) == 2
    assert 'data-sound="1"' in html
    assert 'aria-label="Play a &quot;patch&quot; &amp; &lt;b&gt;"' in html


def test_json_cannot_end_its_script():
    content = {"name": "</script><b>"}
    assert "</" not in script_json(content)
    assert json.loads(script_json(content)) == content
