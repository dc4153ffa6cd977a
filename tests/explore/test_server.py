"""What the server answers."""

import io

import numpy as np
import pytest
import soundfile

OWL, WREN, FROG, GONE, SECRET = 0, 3, 5, 45, 46


def test_the_page_and_its_modules_are_served(client):
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert b'src="main.js"' in page.content
    assert client.get("/main.js").headers["content-type"].startswith("text/javascript")


def test_rows_come_in_the_order_of_their_ids(client):
    rows = client.get(f"/api/rows?id={WREN}&id={OWL}").json()
    assert [row["id"] for row in rows] == [WREN, OWL]


def test_a_row_comes_with_the_stretch_around_it(client):
    row = client.get(f"/api/rows/{FROG + 20}").json()
    assert (row["path"], row["start_s"], row["recording_end_s"]) == ("frogs/tree.wav", 20, 40)
    assert row["context"] == {"start_s": 15.5, "end_s": 25.5}


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
    "target",
    [
        "/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/..%5csecret.txt",
        "/page/main.js", "/../server.py", "/server.py", "//etc/passwd", "/%2fetc%2fpasswd",
        "/main.js%00.html", "/api/rows/../../secret.txt", "/docs", "/openapi.json",
    ],
)  # fmt: skip
def test_no_other_file_is_served(client, target):
    assert client.get(target).status == 404


@pytest.mark.parametrize("id", ["x", "-1", "999", "1.5", "99999999999999999999999", "..%2f0"])
def test_no_other_row_is_served(client, id):
    for name in ("", "/sound?start_s=0&end_s=1", "/recording", "/thumbnail"):
        answer = client.get(f"/api/rows/{id}{name}")
        assert answer.status in (400, 404)


@pytest.mark.parametrize(
    "query", ["", "start_s=1&end_s=1", "start_s=-1&end_s=1", "start_s=nan&end_s=1", "start_s=0"]
)
def test_a_malformed_stretch_is_refused(client, query):
    assert client.get(f"/api/rows/{OWL}/sound?{query}").status == 400


def test_nothing_is_changed_by_requests(client):
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        origin = client.address.rstrip("/")
        assert client.get(f"/api/rows/{OWL}", method, Origin=origin).status == 405
