"""What the server answers about a table and its decisions."""

import dataclasses
import json
import os

import pytest
from audited import (
    COMMANDS,
    FIRST,
    GONE,
    LABELS,
    PATHS,
    RAIN,
    SEA,
    SECOND,
    THIRD,
    halve,
    make_app,
    write_audit,
    write_sounds,
)
from explored import served

from soundalike.audit.labels_text import read_rows
from soundalike.audit.result_file import RESULT
from soundalike.runtime import lock
from soundalike.runtime.lock import locked


@pytest.fixture(scope="module")
def audit(tmp_path_factory):
    """A client of the server of an audit, and its folder."""
    root = write_sounds(tmp_path_factory.mktemp("sounds"))
    folder = write_audit(tmp_path_factory.mktemp("audits") / "audit")
    with served(make_app(folder, root, halve)) as client:
        yield client, folder


@pytest.fixture
def folder(audit):
    """The folder, with a table about which nothing has been decided."""
    write_audit(audit[1])
    path = audit[1] / "labels.csv"
    os.utime(path, ns=(0, os.stat(path).st_mtime_ns + 1))
    return audit[1]


@pytest.fixture
def client(audit, folder):
    return audit[0]


@pytest.fixture
def page(client):
    """What a page knows: the moment of the table."""
    return moment(client.get("/api/audit").json())


def moment(answer):
    return {name: answer[name] for name in ("table", "version")}


def test_a_page_gets_the_whole_table(client, folder):
    audit = client.get("/api/audit").json()
    columns = audit["columns"]
    assert columns["path"] == PATHS
    assert columns["end_s"][:3] == [None, 0.75, 0.5]
    assert columns["p_wrong"][0] == 0.98
    assert (audit["threshold"], audit["can_learn"]) == (0.5, True)
    assert audit["file"] == str(folder / "labels.csv")
    assert audit["commands"] == dataclasses.asdict(COMMANDS)


def test_the_advice_of_the_audit_is_read_from_its_result(client, folder):
    assert client.get("/api/audit/advice").json() is None
    result = folder / RESULT
    result.write_text(json.dumps({"advice": {"sentence": "Train as usual."}}))
    assert client.get("/api/audit/advice").json() == {"sentence": "Train as usual."}
    result.unlink()


def test_a_decision_is_saved_and_taken_back(client, folder, page):
    before = client.get("/api/audit").json()["n_steps"]
    said = {**page, "row": FIRST, "decision": "relabel"}
    answer = client.post("/api/audit/decisions", said).json()
    assert answer["rows"] == {
        "0": {"suggested": "sea", "p_wrong": 0.98, "decision": "relabel", "new_label": "sea"}
    }
    assert answer["n_steps"] == before + 1
    assert read_rows(folder / "labels.csv").loc[FIRST, "new_label"] == "sea"
    answer = client.post("/api/audit/undo", moment(answer)).json()
    assert (answer["row"], answer["n_steps"]) == (FIRST, before)
    assert answer["rows"]["0"]["decision"] == ""


def test_of_two_pages_the_later_decides_and_the_earlier_is_told(client, page):
    def decide(moment, decision):
        said = {**moment, "row": FIRST, "decision": decision}
        return client.post("/api/audit/decisions", said).json()

    first = moment(decide(page, "keep"))
    decide(page, "drop")
    query = f"table={first['table']}&version={first['version']}"
    changes = client.get(f"/api/audit/changes?{query}").json()
    assert {id: row["decision"] for id, row in changes["rows"].items()} == {"0": "drop"}
    query = f"table={changes['table']}&version={changes['version']}"
    assert client.get(f"/api/audit/changes?{query}").json()["rows"] == {}


def test_a_page_of_another_table_is_told_so(client, folder, page):
    write_audit(folder, LABELS.replace("sea/1", "sea/9"))
    answer = client.post("/api/audit/undo", page)
    assert answer.status == 409
    assert answer.json()["message"] == f"{folder / 'labels.csv'} has been written anew."


def test_the_decisions_are_learned_from(client, page):
    client.post("/api/audit/decisions", {**page, "row": FIRST, "decision": "keep"})
    answer = client.post("/api/audit/learn", page).json()
    assert answer["n"] == 6
    assert answer["rows"]["1"]["p_wrong"] == 0.455
    assert answer["rows"]["0"]["p_wrong"] == 0.98


def test_confusions_are_those_of_now(client, page):
    answer = client.get("/api/audit/confusions").json()
    assert answer["sentences"][0] == "sea is called rain in 2 of 3"
    client.post("/api/audit/decisions", {**page, "row": FIRST, "decision": "keep"})
    answer = client.get("/api/audit/confusions").json()
    assert "sea is called rain in 1 of 2" in answer["sentences"]


def test_a_clip_comes_with_its_neighbors(client):
    clip = client.get(f"/api/rows/{FIRST}").json()
    assert (clip["path"], clip["start_s"], clip["end_s"]) == (PATHS[FIRST], 0, 1)
    assert [each["id"] for each in clip["neighbors"]] == [SEA, THIRD, RAIN, GONE]
    neighbor = clip["neighbors"][1]
    assert neighbor["similarity"] == pytest.approx(0.8)
    assert {name: neighbor[name] for name in ("path", "end_s", "label", "speaks_for")} == {
        "path": PATHS[THIRD], "end_s": 0.5, "label": "sea", "speaks_for": False,
    }  # fmt: skip
    assert clip["neighbors"][3]["end_s"] is None, "its sound is gone"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"row": 7, "decision": "keep"}, 404),
        ({"row": -1, "decision": "keep"}, 404),
        ({"row": FIRST, "decision": "wrong"}, 400),
        ({"row": 6, "decision": "relabel"}, 400),
        ({"row": FIRST, "decision": "relabel", "new_label": "a\nb\0"}, 400),
        ({"row": FIRST}, 400),
        ({"row": "x", "decision": "keep"}, 400),
        ({"row": FIRST, "decision": "keep", "more": 1}, 400),
    ],
    ids=["high", "low", "word", "no suggestion", "letters", "short", "number", "long"],
)
def test_nonsense_is_refused_in_one_line_and_writes_nothing(client, folder, page, said, status):
    answer = client.post("/api/audit/decisions", page | said)
    assert answer.status == status
    assert "\n" not in answer.json()["message"]
    assert (folder / "labels.csv").read_text(encoding="utf-8") == LABELS


def test_what_cannot_be_saved_is_said(client, folder, page, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE_S", 0)
    said = {**page, "row": SECOND, "decision": "keep"}
    with locked(folder):
        answer = client.post("/api/audit/decisions", said)
    assert (answer.status, "at work" in answer.json()["message"]) == (503, True)
    (folder / "labels.csv").unlink()
    answer = client.post("/api/audit/decisions", said)
    assert (answer.status, "no such file" in answer.json()["message"]) == (500, True)


def test_without_a_way_to_learn_there_is_no_route(folder, tmp_path):
    with served(make_app(folder, tmp_path)) as client:
        audit = client.get("/api/audit").json()
        assert not audit["can_learn"]
        assert client.post("/api/audit/learn", moment(audit)).status in (404, 405)
