"""The server of an audit."""

import io

import pytest
import soundfile
from audited import COMMANDS, FIRST, GONE, SECOND, make_app, write_audit, write_sounds
from explored import served


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_sounds(tmp_path_factory.mktemp("sounds"))


@pytest.fixture(scope="module")
def client(root, tmp_path_factory):
    folder = write_audit(tmp_path_factory.mktemp("audits") / "audit")
    (folder / "secret.txt").write_text("secret")
    with served(make_app(folder, root)) as client:
        yield client


def test_the_page_is_served(client):
    assert b'src="main.js"' in client.get("/").content
    for name in ("main.js", "client.js", "base.css"):
        assert client.get(f"/{name}").status == 200


def test_the_sound_of_a_row_is_served(client):
    sound = client.get(f"/api/rows/{SECOND}/sound?start_s=0.25&end_s=0.75&table=x").content
    assert len(soundfile.read(io.BytesIO(sound))[0]) == 4000
    assert client.get(f"/api/rows/{FIRST}/thumbnail").content.startswith(b"\x89PNG")


def test_a_sound_that_is_gone_says_what_to_do(client, root):
    answer = client.get(f"/api/rows/{GONE}/spectrogram?start_s=0&end_s=1")
    assert answer.status == 404
    message = answer.json()["message"]
    assert message.startswith(f"{root}/gone.wav: there is no such file.")
    assert message.endswith(COMMANDS.decide)
    assert client.get(f"/api/rows/{GONE}").status == 200, "the clip can be decided"
    assert b"no sound" in client.get(f"/api/rows/{GONE}/thumbnail").content


@pytest.mark.parametrize(
    "target",
    [
        "/labels.csv", "/secret.txt", "/../secret.txt", "/server.py", "/api/rows/7",
        "/api/rows/-1/sound",
    ],
)  # fmt: skip
def test_nothing_else_is_served(client, target):
    assert client.get(target).status in (400, 404)


def test_another_page_may_not_decide(client):
    audit = client.get("/api/audit").json()
    said = {"table": audit["table"], "version": 0, "row": FIRST, "decision": "drop"}
    answer = client.post("/api/audit/decisions", said, Origin="http://elsewhere.example")
    assert answer.status == 403
    assert client.get("/api/audit", Host="elsewhere.example").status == 403
