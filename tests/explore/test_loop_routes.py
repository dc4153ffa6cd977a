"""What the server answers about detectors."""

import pytest
from archives import embedded_archive

from soundalike.embedding.sound_classifier import SoundClassifier

OWL, FROG = 0, 5
N_ROWS = 47


@pytest.fixture
def client(own_archive):
    """A client of a server whose archive has one label."""
    client, archive = own_archive
    client.post("/api/labels", {"ids": [FROG], "label": "frog", "value": True})
    yield client
    (archive.path / "labels.sqlite").unlink()


def train(client):
    return client.post("/api/loop/train", {"label": "frog"})


def test_training_changes_the_scores(client):
    assert client.post("/api/loop/prepare").json() == {"ready": True}
    answer = train(client).json()
    assert (answer["label"], answer["n_labels"]) == ("frog", 1)
    scores = client.get("/api/loop/scores?label=frog").numbers("<f4")
    assert (len(scores), scores.argmax()) == (N_ROWS, FROG)
    assert scores.min() < answer["threshold"] < scores.max()
    client.post("/api/labels", {"ids": [OWL], "label": "frog", "value": False})
    assert train(client).json()["n_labels"] == 2
    later = client.get("/api/loop/scores?label=frog").numbers("<f4")
    assert later[OWL] < scores[OWL]


def test_the_queue_has_rows_without_a_label(client):
    train(client)
    rows = client.get("/api/loop/queue?label=frog&n=5").json()
    ids = [row["id"] for row in rows]
    assert FROG not in ids
    assert (rows[0]["label"], rows[0]["path"]) == ("frog", "frogs/tree.wav")
    scores = client.get("/api/loop/scores?label=frog").numbers("<f4")
    assert [row["score"] for row in rows] == pytest.approx(scores[ids].tolist())
    again = client.get(f"/api/loop/queue?label=frog&n=5&skipped={ids[0]}&skipped={ids[1]}").json()
    again = [row["id"] for row in again]
    assert len(again) == 5
    assert not {FROG, *ids[:2]} & set(again)


def test_the_precision_is_estimated_from_rows_picked_at_random(client):
    train(client)
    above = "label=frog&threshold=0.01"
    ids = [row["id"] for row in client.get(f"/api/loop/random?{above}&n=4").json()]
    for id in ids:
        said = {"ids": [id], "label": "frog", "value": id >= FROG, "origin": "random"}
        client.post("/api/labels", said)
    estimate = client.get(f"/api/loop/estimate?{above}").json()
    assert (estimate["n_sampled"], estimate["n_right"]) == (4, sum(id >= FROG for id in ids))
    assert "of 4 picked at random are right" in estimate["words"]
    fewer = client.get(f"/api/loop/estimate?{above}&skipped={ids[0]}").json()
    assert fewer["n_sampled"] == 3


def test_a_saved_detector_is_a_classifier(serve_archive, sound_folder, tmp_path):
    archive = embedded_archive(tmp_path / "an archive", sound_folder)
    client = serve_archive(archive)
    client.post("/api/labels", {"ids": [0], "label": "low", "value": True})
    client.post("/api/loop/train", {"label": "low"})
    answer = client.post("/api/loop/save", {"label": "low", "threshold": 0.25}).json()
    assert answer["folder"] == str(archive.path / "detectors" / "low")
    classifier = SoundClassifier.from_pretrained(answer["folder"])
    assert (classifier.classes, classifier.threshold) == (["low"], 0.25)
    assert (
        answer["command"]
        == f"soundalike classify '{answer['folder']}' SOURCE --out low.csv --per window"
    )


def test_a_model_that_is_damaged_is_named(client, own_archive):
    _, archive = own_archive
    train(client)
    config = archive.path / "model" / "config.json"
    content = config.read_text()
    config.write_text("{")
    answer = client.post("/api/loop/save", {"label": "frog", "threshold": 0.25})
    config.write_text(content)
    assert answer.status == 409
    assert "the model cannot be loaded" in answer.json()["message"]


def test_what_is_missing_is_said(client):
    answer = client.post("/api/loop/train", {"label": "owl"})
    assert (answer.status, answer.json()["message"]) == (
        409, "no window has the label 'owl': give it to one, then train."
    )  # fmt: skip
    for request in ("scores", "queue", "random", "estimate"):
        answer = client.get(f"/api/loop/{request}?label=wren")
        assert (answer.status, answer.json()["message"]) == (
            409, "no detector of 'wren' yet: train it."
        )  # fmt: skip


@pytest.mark.parametrize(
    "query", ["", "label=frog&threshold=2", "label=frog&n=0", "label=frog&skipped=x"]
)
def test_malformed_requests_are_refused(client, query):
    train(client)
    assert client.get(f"/api/loop/queue?{query}").status == 400
    assert client.get("/api/loop/queue?label=frog&skipped=999").status == 404
