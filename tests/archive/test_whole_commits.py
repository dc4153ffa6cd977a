"""LanceDB commits files that are cut short by a full disk, or that are not on the disk yet."""

import contextlib
import itertools
import os
import sys

import numpy as np
import pytest
from archives import DIM, add_clips, make_records, make_rows, make_vectors
from power_cut import POWER_CUTS, Disk, lose_unflushed

from soundalike.archive.head import ArchiveError, Head
from soundalike.archive.lance_index import has_index
from soundalike.archive.whole_commits import Commits
from soundalike.archive.window_archive import WindowArchive
from soundalike.archive.writer import Writer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")


@contextlib.contextmanager
def files_of_at_most(n_bytes):
    """Writes beyond this many bytes of a file fail, as on a full disk."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize("n_bytes", [900, 1500, 1900])
@pytest.mark.parametrize("what", ["rows", "records", "compaction"])
def test_a_full_disk_loses_nothing(what, n_bytes, archive):
    vectors = add_clips(archive, ["a.wav"])
    rows = make_rows([f"{'long name ' * 9}{number}.wav" for number in range(9)])
    with archive.writer() as writer, files_of_at_most(n_bytes), contextlib.suppress(OSError):
        if what == "rows":
            writer.add(rows, make_vectors(len(rows)))
        elif what == "records":
            writer.finish(make_records(rows).assign(n_rows=0))
        else:
            writer.compact()
    after = add_clips(archive, ["b.wav"], seed=1)
    archive = WindowArchive.open(archive.path)
    assert set(archive.rows()["path"]) == {"a.wav", "b.wav"}
    np.testing.assert_array_equal(archive.vectors()[1], np.concatenate([vectors, after]))
    assert {"a.wav", "b.wav"} <= set(archive.clips()["path"])
    assert archive.head.dim == DIM


def test_a_version_that_cannot_be_read_is_left(archive):
    """The run that committed it could not take it back, since the disk was full."""
    add_clips(archive, ["a.wav"])
    folder = archive.path / "clips.lance" / "data"
    before = set(folder.iterdir())
    add_clips(archive, ["b.wav"])
    for path in set(folder.iterdir()) - before:
        path.write_bytes(path.read_bytes()[:100])
    add_clips(archive, ["c.wav"])
    assert archive.rows()["path"].tolist() == ["a.wav"] * 2 + ["c.wav"] * 2
    assert archive.clips()["path"].tolist() == ["a.wav", "c.wav"]


def test_a_version_that_a_power_cut_left_empty_is_repaired_by_the_next_writer(archive):
    vectors = add_clips(archive, ["a.wav"])
    folder = archive.path / "rows.lance" / "_versions"
    before = set(folder.iterdir())
    add_clips(archive, ["b.wav"])
    for path in set(folder.iterdir()) - before:
        path.write_bytes(b"")
    with pytest.raises(ArchiveError, match="embed the sounds into it again, which repairs what"):
        WindowArchive.open(archive.path).rows()
    with archive.writer():
        pass
    assert archive.rows()["path"].tolist() == ["a.wav"] * 2
    assert archive.clips()["path"].tolist() == ["a.wav"], "the other is to be embedded again"
    np.testing.assert_array_equal(archive.vectors()[1], vectors)


@pytest.mark.parametrize("what", ["rows", "records", "compaction", "index"])
def test_a_commit_that_was_not_flushed_does_not_count(what, archive):
    """Its files may have zeros where vectors should be, at which LanceDB finds no fault."""
    vectors = add_clips(archive, ["a.wav"], n_windows=50)
    add_clips(archive, ["b.wav"], seed=1)
    before = {*archive.path.rglob("*.lance"), *archive.path.rglob("*.idx")}
    rows = make_rows(["c.wav"])
    changes = {
        "rows": lambda writer: writer.add(rows, make_vectors(len(rows))),
        "records": lambda writer: writer.finish(make_records(rows)),
        "compaction": Writer.compact,
        "index": Writer.build_index,
    }
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.suppress(KeyboardInterrupt),
        archive.writer() as writer,
    ):
        patch.setattr(Commits, "flush", power_off)
        changes[what](writer)
    new = {*archive.path.rglob("*.lance"), *archive.path.rglob("*.idx")} - before
    new = {path for path in new if path.is_file()}
    assert new
    for path in new:
        content = path.read_bytes()
        path.write_bytes(bytes(min(len(content), 400)) + content[400:])
    after = add_clips(archive, ["c.wav"], seed=2)
    assert archive.rows()["path"].tolist() == ["a.wav"] * 50 + ["b.wav"] * 2 + ["c.wav"] * 2
    np.testing.assert_array_equal(archive.vectors()[1][:50], vectors)
    np.testing.assert_array_equal(archive.vectors()[1][-2:], after)
    assert archive.clips()["path"].tolist() == ["a.wav", "b.wav", "c.wav"]
    assert not has_index(archive.row_table)


NO_VERSIONS = b'{"rows": ["none"], "clips": ["none"]}'


def power_off(*arguments):
    raise KeyboardInterrupt


@pytest.mark.parametrize("content", [None, b"", b"[1]", b'{"rows": 1}', NO_VERSIONS])
def test_without_a_record_whole_versions_count(content, archive):
    """As in archives of earlier versions."""
    vectors = add_clips(archive, ["a.wav"])
    record = archive.path / "flushed.json"
    if content is None:
        record.unlink()
    else:
        record.write_bytes(content)
    after = add_clips(archive, ["b.wav"], seed=1)
    with archive.writer():
        pass
    np.testing.assert_array_equal(archive.vectors()[1], np.concatenate([vectors, after]))
    assert archive.clips()["path"].tolist() == ["a.wav", "b.wav"]


def power_fails(n_flushes, folder, cut, change):
    """Change files in a folder until they have been flushed so often; return whether it ended."""
    disk, record = None, folder.with_name("disk")

    def fsync(descriptor):
        nonlocal n_flushes
        if not n_flushes:
            raise KeyboardInterrupt
        n_flushes -= 1
        disk.fsync(descriptor)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        disk, is_done = Disk(folder, record), False
        with contextlib.suppress(KeyboardInterrupt):
            change()
            is_done = True
        disk.close()
    lose_unflushed(folder, record, cut, n_flushes)
    return is_done


@pytest.mark.skipif(sys.platform != "linux", reason="names open files by /proc")
@pytest.mark.parametrize(
    ("cut", "every"),
    [("names kept", 9), *(pytest.param(cut, 1, marks=pytest.mark.slow) for cut in POWER_CUTS)],
)
def test_a_power_cut_loses_nothing_that_was_recorded(cut, every, tmp_path):
    """Once a commit has returned it stays, also if the versions before it are deleted."""

    def change():
        archive = WindowArchive.create(path, Head(DIM, "a model"))
        done.append(add_clips(archive, ["a.wav"]))
        with archive.writer() as writer:
            writer.compact()
        done.append(add_clips(archive, ["b.wav"], seed=1))

    for number in itertools.count(step=every):
        path, done = tmp_path / str(number), []
        is_done = power_fails(number, path, cut, change)
        if done:
            kept = WindowArchive.open(path)
            with kept.writer():
                pass  # repairs
            assert kept.rows()["path"].tolist()[:2] == ["a.wav"] * 2
            assert len(kept) >= 2 * len(done)
            np.testing.assert_array_equal(kept.vectors()[1][:2], done[0])
        archive = WindowArchive.create(path, Head(DIM, "a model"))
        add_clips(archive, ["c.wav"])
        assert archive.rows()["path"].tolist()[-2:] == ["c.wav"] * 2
        if is_done:
            break
    assert number > 20
