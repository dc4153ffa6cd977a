"""Vectors on disk: used only where they are of the same clips and the same key."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from soundalike.embedding import vector_cache
from soundalike.embedding.vector_cache import cached, content_hash, read_cached

KEY = {"model": "a"}


class Means:
    """Computes two vectors of a clip, the mean of its frames; counts the clips."""

    def __init__(self):
        self.n_clips = 0

    def __call__(self, store, report=lambda clips: None):
        self.n_clips += len(store.clips)
        report(np.arange(len(store.clips)))
        means = torch.stack([torch.from_numpy(each.mean(axis=0)) for each in store.log_mels()])
        clips = torch.arange(len(means)).repeat_interleave(2)
        return means[clips], clips


def nothing(clips, is_new):
    pass


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(vector_cache, "CLIPS_PER_PART", 5)


@pytest.fixture
def folder(store, tmp_path):
    """Vectors of all clips, by `Means`."""
    cached(tmp_path / "means", KEY, store, Means(), nothing)
    return tmp_path / "means"


def n_computed(folder, store, key=KEY):
    """Return how many clips are computed, and check the vectors."""
    means = Means()
    vectors, clips = cached(folder, key, store, means, nothing)
    expected_vectors, expected_clips = Means()(store)
    assert torch.equal(vectors, expected_vectors)
    assert torch.equal(clips, expected_clips)
    return means.n_clips


def test_vectors_are_computed_once(folder, store):
    assert n_computed(folder, store) == 0
    assert len(list(folder.glob("*.npy"))) == 5
    before = {path: path.stat().st_mtime_ns for path in [folder, *folder.iterdir()]}
    assert n_computed(folder, store) == 0
    assert {path: path.stat().st_mtime_ns for path in [folder, *folder.iterdir()]} == before


def test_clips_are_reported_whether_they_are_computed_or_not(store, tmp_path):
    for is_new in True, False:
        reports = []
        cached(tmp_path, KEY, store, Means(), lambda *report, to=reports: to.append(report))
        assert [(len(clips), new) for clips, new in reports] == [(n, is_new) for n in [5] * 4 + [4]]
        assert np.concatenate([clips for clips, _ in reports]).tolist() == [*range(24)]


def test_other_labels_use_the_same_vectors(folder, store):
    rows = store.clips.rows.assign(label=np.resize(["x", "y;z"], len(store.clips)))
    relabeled = replace(store, clips=replace(store.clips, rows=rows))
    assert n_computed(folder, relabeled) == 0


def test_another_key_is_computed_again(folder, store):
    assert n_computed(folder, store, {"model": "b"}) == 24
    assert n_computed(folder, store) == 24


@pytest.mark.parametrize(
    "change",
    [
        lambda store: store.select(np.arange(23)),
        lambda store: store.select(np.arange(24)[::-1].copy()),
        lambda store: replace(store, audio=np.roll(store.audio, 1)),
        lambda store: replace(store, front_end=replace(store.front_end, fmax=9000.0)),
    ],
    ids=["fewer", "another order", "another sound", "another front end"],
)
def test_other_clips_are_computed_again(folder, store, change):
    other = change(store)
    assert n_computed(folder, other) == len(other.clips)


def test_silent_clips_are_told_apart_by_their_length(store):
    silent = replace(store, audio=np.zeros_like(store.audio))
    longer = replace(silent, n_frames=silent.n_frames + 1)
    assert content_hash(silent) != content_hash(longer)


def test_another_version_computes_again(folder, store, monkeypatch):
    monkeypatch.setattr(vector_cache, "FORMAT", vector_cache.FORMAT + 1)
    assert n_computed(folder, store) == 24


def test_an_interrupted_computation_resumes_with_the_rest(store, tmp_path):
    def interrupt(clips, is_new):
        if len(list(tmp_path.glob("*.npy"))) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached(tmp_path, KEY, store, Means(), interrupt)
    assert n_computed(tmp_path, store) == 24 - 15


@pytest.mark.parametrize("content", [b"", b"half", b"[]", b"{}", b"[2, 2, 2]"])
@pytest.mark.parametrize("suffix", [".npy", ".json"])
def test_a_damaged_part_is_computed_again(folder, store, suffix, content):
    (folder / f"0000002{suffix}").write_bytes(content)
    assert n_computed(folder, store) == 5
    assert n_computed(folder, store) == 0


def test_a_shortened_part_is_computed_again(folder, store):
    path = folder / "0000001.npy"
    path.write_bytes(path.read_bytes()[:-4])
    assert n_computed(folder, store) == 5


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_damaged_key_is_replaced(folder, store, content):
    (folder / "key.json").write_text(content)
    assert n_computed(folder, store) == 24
    assert json.loads((folder / "key.json").read_text())["model"] == "a"


def test_other_files_in_the_folder_stay(folder, store):
    (folder / "notes.txt").write_text("mine")
    n_computed(folder, store, {"model": "b"})
    assert (folder / "notes.txt").read_text() == "mine"


def test_what_is_on_disk_can_be_read_without_computing(folder, store):
    vectors, clips = read_cached(folder, store)
    expected_vectors, expected_clips = Means()(store)
    assert torch.equal(vectors, expected_vectors)
    assert torch.equal(clips, expected_clips)
    assert read_cached(folder, store.select(np.arange(3))) is None, "vectors of other clips"
    (folder / "0000001.npy").unlink()
    assert read_cached(folder, store) is None
    assert read_cached(folder.parent / "nothing", store) is None
