"""A full disk: LanceDB commits files that are cut short, and the archive must survive that."""

import contextlib
import sys

import numpy as np
import pytest
from archives import DIM, add_clips, make_records, make_rows, make_vectors

from soundalike.archive.window_archive import WindowArchive

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
