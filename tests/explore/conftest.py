"""An archive of a few sounds, its server, and the page."""

import shutil
import threading

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from archives import make_records, make_rows, make_vectors
from explored import Client

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.explore.collection import Collection
from soundalike.explore.layouts import Layouts
from soundalike.explore.page_server import listen
from soundalike.explore.serve import make_server
from soundalike.models.encoder import build_encoder
from soundalike.search.archive import Archive

SETTINGS = {"name": "resnet18", "width": 4}
RATE = 8000
SOUNDS = {  # path: (windows of a second, label)
    "birds/owl \n'ü'.wav": (3, "owl"),
    "birds/wren <b>&#%.flac": (2, "wren"),
    "frogs/tree.wav": (40, "frog"),
    "gone.wav": (1, ""),
}


@pytest.fixture(scope="session")
def explored_root(tmp_path_factory):
    """A folder of noises, and of a file that is no sound."""
    root = tmp_path_factory.mktemp("explored")
    for number, (path, (duration_s, _)) in enumerate(SOUNDS.items()):
        if path != "gone.wav":
            (root / path).parent.mkdir(exist_ok=True)
            noise = np.random.default_rng(number).uniform(-1, 1, duration_s * RATE)
            soundfile.write(root / path, noise * 0.1 * (number + 1), RATE)
    (root / "secret.txt").write_text("secret")
    return root


@pytest.fixture(scope="session")
def explored(explored_root, tmp_path_factory):
    """Their archive, with a small model; the vectors of a recording are alike.

    Row 46 is the file that is no sound.
    """
    torch.manual_seed(0)
    encoder, windows = build_encoder(SETTINGS), Windows.half_overlapping(101, align_last=True)
    model = SoundEncoder(encoder, SETTINGS, LogMel(), Standardization(-3.0, 2.0), windows).eval()
    path = tmp_path_factory.mktemp("archives") / "sounds"
    archive = Archive.open_for(path, model, str(explored_root))
    dim = archive.head.dim
    sounds = {**SOUNDS, "secret.txt": (1, "")}
    tables = [make_rows([path], n, label=label) for path, (n, label) in sounds.items()]
    rows = pd.concat(tables, ignore_index=True)
    rows["duration_s"] = rows["duration_s"].clip(upper=29)  # no background is subtracted
    rows["peak_db"] = -np.arange(len(rows), dtype=float)
    centers = np.repeat(make_vectors(len(sounds), dim=dim), [n for n, _ in sounds.values()], axis=0)
    vectors = centers + 0.2 * make_vectors(len(rows), seed=1, dim=dim)
    with archive.writer() as writer:
        writer.add(rows, vectors)
        writer.finish(make_records(rows))
    return archive


@pytest.fixture(scope="session")
def serve_archive():
    """Return a function that serves an archive in a thread, and a client of it.

    Its attribute `stop` ends the server of a client.
    """
    servers = {}

    def start(archive, layouts=None):
        is_ready, listener = threading.Event(), listen(0)
        collection = Collection(archive)
        layouts = layouts or Layouts(collection)  # by default, without the second map
        server = make_server(collection, layouts, listener, lambda address: is_ready.set())
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        client = Client(listener.getsockname()[1])
        servers[client] = server, thread, listener
        assert is_ready.wait(60)
        return client

    def stop(client):
        server, thread, listener = servers.pop(client)
        server.should_exit = True
        thread.join(5)  # a server that still waits for a browser ends with the tests
        listener.close()

    start.stop = stop
    yield start
    for client in list(servers):
        stop(client)


@pytest.fixture(scope="session")
def client(serve_archive, explored):
    """A client of the server of the archive."""
    return serve_archive(explored)


@pytest.fixture(scope="module")
def own_archive(explored, serve_archive, tmp_path_factory):
    """A client of a copy of the archive, and the copy, whose labels the tests of a file change."""
    path = shutil.copytree(explored.path, tmp_path_factory.mktemp("own") / "an archive")
    archive = Archive.open(path)
    return serve_archive(archive), archive
