"""What the server answers about sounds that are alike."""

import shutil

import pytest

from soundalike.search.archive import Archive

OWL, WREN, FROG, GONE = 0, 3, 5, 45


def test_similar_rows_are_of_other_recordings_and_then_any_windows(client):
    hits = client.get(f"/api/similar?id={OWL}&k=9").json()
    best = [hit for hit in hits if hit["is_best"]]
    assert hits[: len(best)] == best
    assert {hit["path"] for hit in best} == {
        "birds/wren <b>&#%.flac", "frogs/tree.wav", "gone.wav", "secret.txt",
    }  # fmt: skip
    for part in (best, hits[len(best) :]):
        similarities = [hit["similarity"] for hit in part]
        assert similarities == sorted(similarities, reverse=True)
    assert len({hit["id"] for hit in hits} | {OWL}) == 10
    few = client.get(f"/api/similar?id={OWL}&k=3").json()
    assert few == best[:3]


def test_all_windows_count_if_asked_for(client):
    windows = client.get(f"/api/similar?id={FROG}&id={FROG + 1}&k=9&all_windows=true").json()
    assert {hit["label"] for hit in windows} == {"frog"}
    away = client.get(f"/api/similar?id={FROG}&unlike={OWL}&k=1").json()
    assert away[0]["id"] != FROG


def test_a_search_takes_rows_and_a_sensible_number(client):
    for query in ("", "id=x", "id=0&k=0", "id=0&k=1000000"):
        assert client.get(f"/api/similar?{query}").status == 400
    for query in ("id=999", "id=0&unlike=999"):
        assert client.get(f"/api/similar?{query}").status == 404


def test_a_stretch_is_searched_for_outside_of_it(client):
    hits = client.get(f"/api/rows/{FROG}/similar?start_s=10.2&end_s=12.1&k=30").json()
    assert len(hits) == 30
    assert [hit["path"] == "frogs/tree.wav" for hit in hits[:4]] == [False] * 4
    frogs = [hit["start_s"] for hit in hits[4:] if hit["path"] == "frogs/tree.wav"]
    assert len(frogs) > 10
    assert not set(frogs) & {10, 11, 12}


def test_a_stretch_that_cannot_be_searched_for_says_why(client):
    for times in ("start_s=0&end_s=0.001", "start_s=90&end_s=91"):
        answer = client.get(f"/api/rows/{OWL}/similar?{times}")
        assert answer.status == 400
        assert "owl" in answer.json()["message"]


def test_a_stretch_needs_the_model_of_the_archive(explored, serve_archive, tmp_path):
    path = shutil.copytree(explored.path, tmp_path / "archive")
    shutil.rmtree(path / "model")
    client = serve_archive(Archive.open(path))
    answer = client.get(f"/api/rows/{OWL}/similar?start_s=0.5&end_s=1.5")
    assert answer.status == 409
    assert str(path / "model") in answer.json()["message"]
    assert "\n" not in answer.json()["message"]


@pytest.mark.parametrize(
    "query", ["", "start_s=1&end_s=1", "start_s=-1&end_s=1", "start_s=nan&end_s=1", "start_s=0"]
)
def test_a_malformed_stretch_is_refused(client, query):
    assert client.get(f"/api/rows/{OWL}/similar?{query}").status == 400
    assert client.get(f"/api/rows/{OWL}/events?{query}").status == 400


def test_copies_of_a_sound_that_is_gone_say_what_to_do(client):
    answer = client.get(f"/api/rows/{GONE}/copies")
    assert answer.status == 404
    assert "there is no such file" in answer.json()["message"]
    assert client.get(f"/api/rows/{WREN}/copies").json() == []
