"""Files at an address; those of S3 are tested on a server, in tests/test_frames_in_storage.py."""

import os
import sys
from pathlib import Path

import pytest

from soundalike.runtime.object_storage import ObjectStorage, StorageError, is_address


def test_addresses_are_told_from_folders():
    assert is_address("s3://bucket/birds")
    for text in ("s3://bucket", "s3:/bucket/birds", "/s3/birds", "birds", "s3://bucket/a b", ""):
        assert not is_address(text)


def test_files_are_written_read_in_parts_and_listed(tmp_path):
    storage = ObjectStorage(str(tmp_path / "new" / "folder"))
    assert storage.sizes() == {}
    storage.write("a", b"0123456789")
    storage.write("b", b"")
    assert storage.read("a") == b"0123456789"
    assert storage.read("a", 3, 4) == b"3456"
    assert storage.read("a", 8, 4) == b"89"
    assert storage.read("a", 20, 4) == storage.read("b") == b""
    storage.write("a", b"xyz")
    assert storage.sizes() == {"a": 3, "b": 0}


@pytest.mark.skipif(sys.platform != "linux", reason="names open files by /proc")
def test_a_file_in_a_folder_is_on_the_disk_and_whole(tmp_path, monkeypatch):
    flushed = []
    monkeypatch.setattr(
        os, "fsync", lambda number: flushed.append(Path(os.readlink(f"/proc/self/fd/{number}")))
    )
    storage = ObjectStorage(str(tmp_path))
    storage.write("a", b"0123")
    assert [path.name.split(".")[0] for path in flushed] == ["a", tmp_path.name]
    (tmp_path / "b.12.partial").write_bytes(b"left by a process that was killed")
    assert storage.sizes() == {"a": 4}


def test_errors_are_one_line(tmp_path):
    storage = ObjectStorage(str(tmp_path))
    with pytest.raises(StorageError, match=r"/a: is not there: check the address, the network"):
        storage.read("a")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="cannot be read or written") as error:
        storage.write("folder", b"x")
    assert "\n" not in str(error.value)
    for address in ("gs://bucket/birds", "s3://bucket", "birds"):
        with pytest.raises(ValueError, match="expected an address such as s3://bucket/birds"):
            ObjectStorage(address)
