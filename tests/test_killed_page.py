"""`explore` is killed while it serves, and started again: nothing that was answered is lost."""

import contextlib
import os
import signal
import threading
import time

import numpy as np
import pandas as pd
import pytest
from archives import make_records, make_rows, make_vectors, untrained_model
from explored import Client
from object_storage import BUCKET, object_storage
from programs import HANG_S

from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.explore.page_server import listen
from soundalike.labeling.label_table import LabelTable
from soundalike.labeling.saved_detector import detector_folder
from soundalike.search.archive import Archive

WINDOWS_PER_CLIP = 5


@pytest.fixture(params=["folder", "object storage"])
def archive(request, tmp_path):
    """An archive of made-up rows of two kinds; its tables are there where the parameter says."""
    with contextlib.ExitStack() as stack:
        tables = ""
        if request.param == "object storage":
            stack.enter_context(object_storage())
            tables = f"s3://{BUCKET}/{tmp_path.name}"
        archive = Archive.open_for(
            tmp_path / "archive", untrained_model(), str(tmp_path), tables=tables
        )
        rows = pd.concat([make_rows([f"{n}.wav"], WINDOWS_PER_CLIP) for n in range(20)])
        rows = rows.reset_index(drop=True)
        vectors = make_vectors(len(rows), dim=archive.head.dim)
        vectors[: len(rows) // 2] += 1.0
        with archive.writer() as writer:
            writer.add(rows, vectors)
            writer.finish(make_records(rows))
        yield archive


@pytest.fixture
def port():
    """A port that is free."""
    with contextlib.closing(listen(0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def explore(nursery, archive, port):
    """Return a function that starts `explore` at the port, and returns the process and a client."""
    processes = []

    def start():
        words = ["explore", archive.path, "--no_browser", "--port", port]
        process = nursery.start("-m", "soundalike", *words)
        processes.append(process)
        line = process.stdout.readline()
        assert line.startswith(f"100 rows of {archive.path}: "), process.communicate()
        return process, Client(port)

    yield start
    for process in processes:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)


def kill(process):
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def answer(client, target, content=None):
    """Return the content of an answer; it is posted to if there is something to say."""
    said = client.get(target) if content is None else client.post(target, content)
    assert said.status == 200, said.content
    return said.json()


def say(client, ids, label, value, origin="chosen"):
    said = {"ids": ids, "label": label, "value": value, "origin": origin}
    return answer(client, "/api/labels", said)


def ids_of(client):
    return client.get("/api/ids").numbers("<f8").astype(int).tolist()


def train_and_save(client):
    answer(client, "/api/loop/train", {"label": "owl"})
    return answer(client, "/api/loop/save", {"label": "owl", "threshold": 0.5})


def detector(client):
    """Train a detector; return its scores and what it asks for, in an order that is fixed."""
    trained = answer(client, "/api/loop/train", {"label": "owl"})
    at = f"label=owl&threshold={trained['threshold']}"
    return (
        trained,
        client.get("/api/loop/scores?label=owl").numbers("<f4").tolist(),
        answer(client, f"/api/loop/queue?{at}"),
        answer(client, f"/api/loop/estimate?{at}"),
    )


def test_what_was_said_before_a_kill_is_there_afterwards(explore, archive):
    process, client = explore()
    ids = ids_of(client)
    say(client, ids[:8], "owl", True)
    say(client, ids[60:64], "owl", False)
    stretch = {"id": ids[70], "start_s": 0.25, "end_s": 0.75}
    answer(client, "/api/labels", {"stretch": stretch, "label": "rain", "value": True})
    _, _, queue, _ = detector(client)
    for row in queue[:4]:
        say(client, [row["id"]], "owl", row["id"] < ids[50], "queue")
    say(client, ids[90:], "mistake", True)
    answer(client, "/api/labels/undo", {})
    before = [answer(client, "/api/labels"), client.get("/api/points/pca").content]
    before += detector(client)
    saved = answer(client, "/api/loop/save", {"label": "owl", "threshold": 0.5})
    kill(process)

    process, client = explore()
    assert client.get("/").status == 200
    assert [answer(client, "/api/labels"), client.get("/api/points/pca").content] == before[:2]
    assert list(detector(client)) == before[2:]
    assert answer(client, f"/api/rows/{ids[70]}/events?start_s=0&end_s=1")[0]["label"] == "rain"
    assert SoundClassifier.from_pretrained(saved["folder"]).classes == ["owl"]
    assert answer(client, "/api/labels/redo", {})["change"]["label"] == "mistake"
    kill(process)


@pytest.mark.slow
def test_a_kill_among_many_changes_loses_none_that_was_answered(explore, archive):
    """Labels are given and detectors saved as fast as they are answered."""
    n_said, folder = 0, detector_folder(archive.path, "owl")
    for delay_s in np.random.default_rng(0).uniform(0.1, 1.0, 10):
        process, client = explore()
        ids = ids_of(client)
        say(client, ids[:4], "owl", True)
        train_and_save(client)
        timer = threading.Timer(delay_s, os.kill, (process.pid, signal.SIGKILL))
        timer.start()
        with contextlib.suppress(ConnectionError, OSError):
            while True:
                say(client, [ids[n_said % 100]], f"label {n_said}", True)
                n_said += 1
                answer(client, "/api/loop/save", {"label": "owl", "threshold": 0.5})
        timer.join()
        process.communicate()
        names = [name for name in LabelTable(archive.path).names() if name != "owl"]
        assert names[:n_said] == [f"label {n}" for n in range(n_said)]
        assert len(names) in (n_said, n_said + 1)
        n_said = len(names)
        assert SoundClassifier.from_pretrained(folder).classes == ["owl"]
    assert n_said > 5
    process, client = explore()
    train_and_save(client)
    kill(process)
    assert not list(archive.path.rglob("*.partial"))


@pytest.mark.slow
def test_a_map_that_a_kill_interrupted_is_computed_after_the_next_start(explore, archive):
    process, client = explore()
    assert client.post("/api/maps").json()["umap"] == "computing"
    kill(process)
    process, client = explore()
    state = client.post("/api/maps").json()["umap"]
    deadline = time.monotonic() + 3 * HANG_S  # it gives way to everything else on the machine
    while state == "computing" and time.monotonic() < deadline:
        time.sleep(0.2)
        state = client.get("/api/maps").json()["umap"]
    assert state == "ready"
    points = client.get("/api/points/umap").content
    kill(process)
    process, client = explore()
    assert client.get("/api/points/umap").content == points
    kill(process)
    assert not list(archive.path.rglob("*.partial"))
