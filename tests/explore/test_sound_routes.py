"""What the server answers about sounds."""

import io

import numpy as np
import pytest
import soundfile

OWL, WREN, FROG, GONE, SECRET = 0, 3, 5, 45, 46


def test_a_stretch_is_heard_and_seen(client):
    stretch = f"/api/rows/{WREN}/%s?start_s=0.5&end_s=1.5"
    sound = client.get(stretch % "sound")
    waveform, rate = soundfile.read(io.BytesIO(sound.content))
    assert (len(waveform), rate) == (8000, 8000)
    assert np.abs(waveform).max() == pytest.approx(0.8, abs=1e-3)
    part = client.get(stretch % "sound", Range="bytes=10-19")
    assert (part.status, part.content) == (206, sound.content[10:20])
    assert client.get(stretch % "sound", Range="bytes=99999999-").status == 416
    for name in (f"/api/rows/{WREN}/thumbnail", stretch % "spectrogram"):
        picture = client.get(name)
        assert picture.headers["content-type"] == "image/png"
        assert picture.content.startswith(b"\x89PNG")


def test_a_recording_is_served_in_ranges(client, explored_root):
    part = client.get(f"/api/rows/{FROG}/recording", Range="bytes=100-199")
    assert part.status == 206
    assert part.content == (explored_root / "frogs" / "tree.wav").read_bytes()[100:200]
    assert part.headers["content-type"] in ("audio/wav", "audio/x-wav")


def test_a_sound_that_is_gone_says_what_to_do(client, explored):
    for name in ("recording", "spectrogram?start_s=0&end_s=1", "sound?start_s=0&end_s=1"):
        answer = client.get(f"/api/rows/{GONE}/{name}")
        assert answer.status == 404
        message = answer.json()["message"]
        assert "gone.wav: there is no such file" in message
        assert message.endswith(f"soundalike explore {explored.path} --root FOLDER")
    assert client.get(f"/api/rows/{GONE}").status == 200
    assert b"no sound" in client.get(f"/api/rows/{GONE}/thumbnail").content


def test_only_sounds_are_served(client):
    for name in ("recording", "spectrogram?start_s=0&end_s=1", "sound?start_s=0&end_s=1"):
        answer = client.get(f"/api/rows/{SECRET}/{name}")
        assert answer.status == 404
        assert b'"secret"' not in answer.content
        assert "secret.txt" in answer.json()["message"]


@pytest.mark.parametrize(
    "query", ["", "start_s=1&end_s=1", "start_s=-1&end_s=1", "start_s=nan&end_s=1", "start_s=0"]
)
def test_a_malformed_stretch_is_refused(client, query):
    assert client.get(f"/api/rows/{OWL}/sound?{query}").status == 400
