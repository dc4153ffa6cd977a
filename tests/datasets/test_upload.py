"""Moving the frames of a store away: nothing is lost, whenever it is interrupted."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from kills import kills

from soundalike.datasets import chunks
from soundalike.datasets import store as store_room
from soundalike.datasets import upload as room
from soundalike.datasets.clips import SourceError
from soundalike.datasets.prepare import prepare
from soundalike.datasets.source import read_source
from soundalike.datasets.statistics import log_mel_mean_and_std
from soundalike.datasets.store import open_store
from soundalike.datasets.upload import require_address, upload_frames
from soundalike.runtime.object_storage import ObjectStorage, StorageError


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK_BYTES", 100_000)


@pytest.fixture
def address(tmp_path):
    return str(tmp_path / "storage")


@pytest.fixture
def copy(store, tmp_path):
    shutil.copytree(store.path, tmp_path / "store")
    return tmp_path / "store"


@pytest.fixture
def moved(copy, address):
    return upload_frames(copy, address, progress=False)


def test_the_store_stays_the_same_but_for_its_frames(store, moved, address):
    assert not (moved.path / "frames.npy").exists()
    assert json.loads((moved.path / "store.json").read_text())["frames"] == address
    assert moved.clips.rows.equals(store.clips.rows)
    assert (moved.fingerprint, moved.n_problems) == (store.fingerprint, store.n_problems)
    assert (moved.recordings == store.recordings).all()
    for ours, theirs in zip(moved.log_mels(), store.log_mels(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    some = np.array([7, 2, 20])
    np.testing.assert_array_equal(
        moved.select(some).in_memory().frames, store.select(some).in_memory().frames
    )
    np.testing.assert_array_equal(moved.as_frames().values, store.as_frames().values)
    names = set(ObjectStorage(address).sizes())
    assert len(names) > 5
    assert {name for name in names if not name.startswith("chunk-")} == {
        "of_store.json",
        "index.json",
    }


def test_mean_and_deviation_are_known_without_the_frames(store, moved, address):
    shutil.rmtree(address)
    assert log_mel_mean_and_std(moved) == log_mel_mean_and_std(store)
    some = np.arange(3, 9)
    assert log_mel_mean_and_std(moved.select(some)) == log_mel_mean_and_std(store.select(some))


def test_nothing_is_done_again(moved, sound_folder, address):
    written = {path: path.stat().st_mtime_ns for path in Path(address).iterdir()}
    upload_frames(moved.path, address, progress=False)
    prepare(read_source(sound_folder), moved.path, progress=False)
    assert {path: path.stat().st_mtime_ns for path in Path(address).iterdir()} == written
    assert not (moved.path / "frames.npy").exists()


UPLOAD = """
from soundalike.datasets import chunks
from soundalike.datasets.prepare import prepare
from soundalike.datasets.source import read_source
from soundalike.datasets.store import open_store
from soundalike.datasets.upload import upload_frames

chunks.CHUNK_BYTES = 100_000

def work(folder):
    prepare(read_source(arguments[0]), folder, n_workers=1, progress=False)
    store = upload_frames(folder, f"{arguments[1]}/{folder.name}", progress=False)
    for _ in store.log_mels():
        pass
"""


@kills("clips.parquet", "store.json", "frames.npy")
def test_an_upload_resumes_after_a_kill_at_any_moment(
    names, cut, kill_everywhere, sound_folder, tmp_path
):
    moments = kill_everywhere(UPLOAD, sound_folder, tmp_path / "all", names=names, cut=cut)
    if names:
        # frames, table and head are written; then table and head again, and the frames are deleted
        assert len(moments) == 3 + 3 + 1
    heads = [json.loads((moment.folder / "store.json").read_text()) for moment in moments]
    assert {Path(head.pop("frames")).name for head in heads} == {
        moment.folder.name for moment in moments
    }
    assert all(head == heads[0] for head in heads)
    assert not any((moment.folder / "frames.npy").exists() for moment in moments)


def test_a_kill_while_the_mark_was_written_claims_nothing(copy, address):
    """The mark says whose chunks they are."""
    Path(address).mkdir()
    (Path(address) / "of_store.json.12.partial").write_text("{")
    assert len(upload_frames(copy, address, progress=False).clips) == 24


def test_only_what_is_missing_is_uploaded(copy, address, monkeypatch):
    """A chunk that is there, of which part is missing, and that is not there."""
    written = []
    write = ObjectStorage.write

    def interrupted(storage, name, content):
        if name == "chunk-0-3.bin":
            write(storage, name, content[:10])
            raise KeyboardInterrupt
        write(storage, name, content)

    with monkeypatch.context() as patch:
        patch.setattr(ObjectStorage, "write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            upload_frames(copy, address, progress=False)
    assert open_store(copy).frames.shape, "the store is still here"
    monkeypatch.setattr(
        ObjectStorage,
        "write",
        lambda storage, name, content: (written.append(name), write(storage, name, content)),
    )
    upload_frames(copy, address, progress=False)
    assert "chunk-0-2.bin" not in written
    assert {"chunk-0-3.bin", "chunk-0-4.bin", "index.json"} <= set(written)


def test_frames_are_deleted_only_if_all_chunks_are_there(copy, address, monkeypatch):
    write = ObjectStorage.write
    monkeypatch.setattr(
        ObjectStorage,
        "write",
        lambda storage, name, content: write(
            storage, name, content[: -1 if "-2" in name else None]
        ),
    )
    with pytest.raises(StorageError, match=r"chunk-0-2.bin: has [\d,]+ of [\d,]+ bytes"):
        upload_frames(copy, address, progress=False)
    assert (copy / "frames.npy").exists()
    assert not (Path(address) / "index.json").exists()


def test_addresses_that_are_refused(moved, store, address, tmp_path):
    with pytest.raises(SourceError, match=r"its frames are at .*storage: name that address"):
        upload_frames(moved.path, f"{address}2", progress=False)
    with pytest.raises(SourceError, match="its frames are at"):
        require_address(moved.path, f"{address}2")
    require_address(moved.path, address)
    require_address(tmp_path / "new", f"{address}2")
    with pytest.raises(SourceError, match="expected an address such as s3://bucket/birds"):
        require_address(tmp_path / "new", "gs://bucket/birds")
    with pytest.raises(SourceError, match="birds: expected an address such as s3://bucket/birds"):
        upload_frames(store.path, "birds", progress=False)
    half = prepare(store.clips.where(np.arange(6)), tmp_path / "half", n_workers=1, progress=False)
    with pytest.raises(SourceError, match="has other files, or the chunks of another store"):
        upload_frames(half.path, address, progress=False)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.doc").touch()
    with pytest.raises(SourceError, match="has other files"):
        upload_frames(half.path, str(tmp_path / "full"), progress=False)


def test_what_does_not_fit_is_refused(moved, monkeypatch):
    monkeypatch.setattr(store_room, "MEMORY_BYTES", 100_000)
    assert not moved.fits_memory
    with pytest.raises(SourceError, match=r"24 clips with 0.0 GB of frames in object storage"):
        moved.as_frames()
    assert moved.select(np.arange(2)).fits_memory


def test_a_clip_that_is_too_long_is_refused(copy, address, monkeypatch):
    monkeypatch.setattr(room, "LARGEST_BYTES", 1000)
    with pytest.raises(SourceError, match="cut it into segments, in a manifest"):
        upload_frames(copy, address, progress=False)


def test_a_head_that_lies_is_damaged(moved):
    head = json.loads((moved.path / "store.json").read_text())
    for wrong in ("birds", "gs://bucket/birds", 5):
        (moved.path / "store.json").write_text(json.dumps(head | {"frames": wrong}))
        with pytest.raises(SourceError, match="the store is damaged"):
            open_store(moved.path)


@pytest.mark.skipif(not find_spec("litdata"), reason="needs litdata, which needs torchvision")
def test_litdata_reads_the_chunks(store, moved, address):
    from litdata import StreamingDataset

    clips = {clip.astype(np.float16).tobytes() for clip in store.log_mels()}
    items = [bytes(item) for item in StreamingDataset(address)]
    assert len(items) == len(store.clips)
    assert set(items) == clips
