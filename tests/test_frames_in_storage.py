"""Stores whose frames are in object storage, on a real server."""

import shutil

import numpy as np
import pandas as pd
import pytest
from object_storage import (
    BUCKET,
    Gateway,
    environment,
    killed_at_every_upload,
    object_storage,
    request,
)

from soundalike.cli import DONE
from soundalike.cli.main import main
from soundalike.datasets import chunks
from soundalike.datasets import store as store_room
from soundalike.datasets.store import open_store
from soundalike.datasets.upload import upload_frames
from soundalike.recipes.recipe import to_yaml
from soundalike.runtime.object_storage import ObjectStorage
from soundalike.training import portions

CHUNK_BYTES = 100_000


@pytest.fixture(scope="module")
def server():
    with object_storage() as address:
        yield address


@pytest.fixture
def address(server, tmp_path):
    return f"s3://{BUCKET}/{tmp_path.name}"


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK_BYTES", CHUNK_BYTES)


@pytest.fixture
def copy(store, tmp_path):
    shutil.copytree(store.path, tmp_path / "store")
    return tmp_path / "store"


@pytest.fixture
def moved(copy, address):
    return upload_frames(copy, address, progress=False)


@pytest.fixture
def recipe(tiny_recipe, tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(to_yaml(tiny_recipe))
    return path


@pytest.fixture
def last_line(capsys):
    def run(*words):
        assert main([str(word) for word in words]) == DONE, capsys.readouterr().err
        return capsys.readouterr().out.splitlines()[-1]

    return run


@pytest.fixture
def error_of(capsys):
    def run(*words):
        assert main([str(word) for word in words]) != DONE
        lines = capsys.readouterr().err.splitlines()
        return next(line for line in lines if line.startswith("soundalike: "))

    return run


def require_whole(path, store):
    """Check that a store has all its frames, and only at its address."""
    moved = open_store(path)
    assert not (path / "frames.npy").exists()
    np.testing.assert_array_equal(moved.in_memory().frames, store.frames)
    for ours, theirs in zip(moved.log_mels(), store.log_mels(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_frames_lie_at_the_address(server, moved, store, tmp_path):
    require_whole(moved.path, store)
    listing = request("GET", server, f"/{BUCKET}?list-type=2&prefix={tmp_path.name}/").decode()
    assert listing.count("<Key>") == moved.frames.chunk.max() + 3
    assert f"{tmp_path.name}/index.json" in listing


@pytest.mark.usefixtures("rough_sounds", "few_rounds", "few_resamples")
def test_commands_take_such_a_store(
    address, store, run, sound_folder, recipe, tmp_path, monkeypatch, last_line, error_of
):
    out = tmp_path / "moved"
    words = ["prepare", sound_folder, "--recipe", recipe, "--out", out, "--frames", address]
    line = f"24 clips, 45 s in {out}, frames at {address}"
    assert last_line(*words) == last_line(*words) == line
    assert last_line(*words[:-2]) == f"24 clips, 45 s in {out}"
    require_whole(out, store)
    assert "its frames are at s3://" in error_of(*words[:-1], f"{address}2")

    last_line("pretrain", out, "--out", tmp_path / "run", "--recipe", recipe)
    metrics, expected = (pd.read_csv(path / "metrics.csv") for path in (tmp_path / "run", run.path))
    pd.testing.assert_frame_equal(metrics.drop(columns="seconds"), expected.drop(columns="seconds"))
    last_line("evaluate", tmp_path / "run", out, "--out", tmp_path / "results")
    last_line("views", out, "--recipe", recipe, "--out", tmp_path / "views.html")

    for room in (store_room, portions):
        monkeypatch.setattr(room, "MEMORY_BYTES", 600_000)
    words = ["pretrain", out, "--recipe", recipe, "--monitor.max_clips", 8, "--out"]
    assert "trained for 9 steps" in last_line(*words, tmp_path / "portions")
    assert not list(tmp_path.rglob("chunk-*")), "nothing is kept on the disk"
    words = ["evaluate", tmp_path / "run", out, "--protocol", "finetune", "--out", tmp_path / "x"]
    assert "GB of frames in object storage" in error_of(*words)


def test_a_server_that_is_gone_or_a_chunk_is_said_in_a_line(
    moved, address, sound_folder, recipe, tmp_path, error_of
):
    words = ["pretrain", moved.path, "--recipe", recipe, "--out"]
    with environment("http://127.0.0.1:9"):
        line = error_of(*words, tmp_path / "gone")
        assert line.startswith(f"soundalike: {address}: cannot be read or written (")
        assert line.endswith("then run it again.")
        new = ["prepare", sound_folder, "--out", tmp_path / "new", "--frames", f"{address}2"]
        assert "cannot be read or written" in error_of(*new)
        assert not (tmp_path / "new").exists(), "before anything is prepared"
    storage = ObjectStorage(address)
    storage.write("chunk-0-1.bin", storage.read("chunk-0-1.bin")[:-100])
    line = error_of(*words, tmp_path / "damaged")
    assert line.startswith(f"soundalike: {address}/chunk-0-1.bin: damaged, or of another store")


def test_an_upload_whose_answer_is_lost_is_there(server, copy, address, store):
    n_asked = 0

    def loses(method, path):
        nonlocal n_asked
        is_upload = method in ("PUT", "POST") and "chunk-0-2.bin" in path
        n_asked += is_upload
        return is_upload and n_asked in (1, 3)

    with Gateway(server, loses).running():
        upload_frames(copy, address, progress=False)
    assert n_asked > 3
    require_whole(copy, store)


UPLOAD = f"""
import sys
from pathlib import Path
from soundalike.datasets import chunks
from soundalike.datasets.upload import upload_frames

chunks.CHUNK_BYTES = {CHUNK_BYTES}
upload_frames(Path(sys.argv[1]), sys.argv[2], progress=False)
"""


@pytest.mark.slow
@pytest.mark.parametrize("reaches", [True, False], ids=["after", "before"])
def test_a_run_that_is_killed_at_any_upload_loses_nothing(
    server, nursery, copy, address, store, reaches
):
    assert killed_at_every_upload(server, nursery, reaches, UPLOAD, copy, address) > 5
    require_whole(copy, store)
