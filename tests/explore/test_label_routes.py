"""What the server answers about labels."""

import io
import sqlite3

import pandas as pd
import pytest

from soundalike.labeling.label_table import LabelTable

OWL, WREN, FROG, GONE = 0, 3, 5, 45


@pytest.fixture
def client(own_archive):
    client, archive = own_archive
    yield client
    (archive.path / "labels.sqlite").unlink(missing_ok=True)


@pytest.fixture
def table(own_archive):
    return LabelTable(own_archive[1].path)


def test_labels_are_assigned_undone_and_counted(client, table):
    said = {"ids": [OWL, WREN], "label": " owl ", "value": True, "origin": "queue"}
    answer = client.post("/api/labels", said).json()
    assert answer["change"] == {"label": "owl", "value": True, "n": 2}
    assert answer["names"] == [{"name": "owl", "n_yes": 2, "n_no": 0}]
    assert set(table.current()["origin"]) == {"queue"}
    assert client.post("/api/labels", said).json()["change"] is None
    colors = "/api/colors/your%20label"
    key = {"kind": "names", "names": ["owl", ""], "isLastGray": True}
    assert client.get(f"{colors}/key").json() == key
    assert client.get(colors).numbers("<u2").tolist() == [0, 1, 1, 0] + [1] * 43
    assert client.post("/api/labels/undo").json()["names"] == []
    assert client.get("/api/labels").json()["redo"] == answer["change"]
    assert client.post("/api/labels/redo").json()["change"] == answer["change"]
    assert client.post("/api/labels/redo").json()["change"] is None
    (owl,) = client.get(f"/api/labels/of?id={OWL}&id={FROG}").json()[str(OWL)]
    assert (owl["label"], owl["value"]) == ("owl", True)


def test_a_stretch_is_labeled(client):
    stretch = {"id": FROG, "start_s": 2.5, "end_s": 2.75}
    client.post("/api/labels", {"stretch": stretch, "label": "croak", "value": True})
    (event,) = client.get(f"/api/rows/{FROG + 2}/events?start_s=0&end_s=9").json()
    assert (event["start_s"], event["label"], event["value"]) == (2.5, "croak", True)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"ids": [OWL], "label": " ", "value": True}, 400),
        ({"ids": [OWL], "label": "a;b", "value": True}, 400),
        ({"ids": [OWL], "label": "owl", "value": "perhaps"}, 400),
        ({"ids": [OWL], "label": "owl", "value": True, "origin": "luck"}, 400),
        ({"ids": [OWL], "label": "owl"}, 400),
        ({"ids": [999], "label": "owl", "value": True}, 404),
        ({"ids": ["../0"], "label": "owl", "value": True}, 400),
        ({"stretch": {"id": 0, "start_s": 2, "end_s": 1}, "label": "owl", "value": True}, 400),
        ({"label": "owl", "value": True, "path": "/etc/passwd"}, 400),
        ([1], 400),
    ],
    ids=[
        "blank", "semicolon", "value", "origin", "no value", "no row", "no id", "stretch",
        "unknown", "list",
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_one_line_and_stores_nothing(client, table, said, status):
    answer = client.post("/api/labels", said)
    assert answer.status == status
    assert "\n" not in answer.json()["message"]
    assert len(table.current()) == 0


def test_labels_that_cannot_be_stored_are_said(client, own_archive):
    path = own_archive[1].path / "labels.sqlite"
    said = {"ids": [OWL], "label": "owl", "value": True}
    path.mkdir()
    answer = client.post("/api/labels", said)
    path.rmdir()
    assert answer.status == 507
    assert answer.json()["message"].startswith(f"{path}: ")
    path.write_bytes(b"damage" * 1000)
    answer = client.post("/api/labels", said)
    assert answer.status == 500
    assert "put back a copy of it" in answer.json()["message"]


def test_labels_of_a_newer_format_are_said(client, table):
    table.assign([("a", 0, 1)], "owl", True)
    with sqlite3.connect(table.path / "labels.sqlite") as connection:
        connection.execute("PRAGMA user_version = 9")
    answer = client.get("/api/labels")
    assert answer.status == 500
    assert "update soundalike" in answer.json()["message"]


def test_the_manifest_is_a_file_to_save(client, explored_root):
    client.post("/api/labels", {"ids": [FROG, WREN], "label": "loud", "value": True})
    client.post("/api/labels", {"ids": [FROG], "label": "frog", "value": True})
    client.post("/api/labels", {"ids": [OWL], "label": "frog", "value": False})
    answer = client.get("/api/labels/export/manifest")
    assert answer.headers["content-disposition"] == 'attachment; filename="labels.csv"'
    rows = pd.read_csv(io.BytesIO(answer.content))
    assert rows.to_numpy().tolist() == [
        [str(explored_root / "birds/wren <b>&#%.flac"), 0, 1, "loud"],
        [str(explored_root / "frogs/tree.wav"), 0, 1, "loud;frog"],
    ]
    assert client.get("/api/labels/export/raven").headers["content-type"] == "application/zip"
    assert client.get("/api/labels/export/other").status == 400
