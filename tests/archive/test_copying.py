"""Copies of clips from one archive to another."""

import numpy as np
import pytest
from archives import DIM, add_clips, make_records, make_rows

from soundalike.archive import copying
from soundalike.archive.copying import copy_clips
from soundalike.archive.head import Head
from soundalike.archive.whole_commits import Commits
from soundalike.archive.window_archive import WindowArchive


@pytest.fixture
def source(tmp_path):
    """An archive of three clips of two rows."""
    source = WindowArchive.create(tmp_path / "source", Head(DIM, "a model"))
    add_clips(source, ["a", "b", "c"])
    return source


def copied(source, archive):
    """Copy, and return the paths of the clips that were copied."""
    with archive.writer() as writing:
        new = copy_clips(source, archive.clips(), writing)
    return new["path"].tolist()


def replace(source, **settings):
    """Give the source another recording of b; its writer deletes the rows of the earlier one."""
    add_clips(source, ["b"], 2, recording="another", **settings)
    with source.writer():
        pass


def vectors_by_path(archive):
    table = archive.to_pandas().sort_values(["path", "start_s"])
    return table["path"].tolist(), np.stack(table["vector"])


def assert_same(archive, source):
    paths, vectors = vectors_by_path(archive)
    expected_paths, expected = vectors_by_path(source)
    assert paths == expected_paths
    np.testing.assert_array_equal(vectors, expected)


def test_what_is_there_is_not_copied_again(archive, source, monkeypatch):
    monkeypatch.setattr(copying, "ROWS_AT_ONCE", 4)
    assert copied(source, archive) == ["a", "b", "c"]
    assert_same(archive, source)
    assert copied(source, archive) == []
    add_clips(source, ["d"], 1)
    assert copied(source, archive) == ["d"]
    assert_same(archive, source)


def test_a_changed_file_is_replaced(archive, source):
    copied(source, archive)
    replace(source, n_windows=3)
    assert copied(source, archive) == ["b"]
    assert_same(archive, source)
    with source.writer() as writing:
        clips = source.clips()
        relabeled = clips[clips["path"] == "c"].assign(label="it's")
        writing.relabel(relabeled)
        writing.finish(relabeled)
    assert copied(source, archive) == ["c"]
    assert_same(archive, source)
    assert archive.rows()["label"].unique().tolist() == ["", "it's"]


def test_incomplete_clips_are_not_copied(archive, source):
    with source.writer() as writing:
        rows = make_rows(["d"])
        writing.add(rows, np.ones((2, DIM), np.float32))
        writing.finish(make_records(rows).assign(is_complete=False))
    assert copied(source, archive) == ["a", "b", "c"]
    assert archive.count("path = 'd'") == 0


def test_part_of_a_clip_is_copied_with_the_others_of_its_file(archive, source):
    """With its record, so that the next run embeds the rest, and not all of it again."""
    rows = make_rows(["d"], 4)
    record = make_records(rows).assign(n_rows=2, start_s=0.0, end_s=2.0)
    with source.writer() as writing:
        writing.add(rows, np.ones((4, DIM), np.float32))
        writing.finish(record)
        writing.finish(record.assign(start_s=2.0, end_s=9.0, is_complete=False))
    assert copied(source, archive) == ["a", "b", "c", "d"]
    assert archive.count("path = 'd'") == archive.clips("path = 'd'")["n_rows"].sum() == 4
    assert archive.clips()["is_complete"].tolist() == [True] * 4 + [False]
    assert copied(source, archive) == []


def test_a_clip_whose_removal_was_interrupted_is_not_copied(archive, source):
    """It was complete before, and its rows may be gone."""
    with source.writer() as writing:
        clips = source.clips()
        writing.finish(clips[clips["path"] == "b"].assign(is_complete=False, n_rows=0))
    assert copied(source, archive) == ["a", "c"]
    assert archive.count("path = 'b'") == 0


@pytest.mark.parametrize("n_changes", range(4))
def test_an_interrupted_removal_is_completed(archive, source, monkeypatch, n_changes):
    """The records say that the clip is incomplete, before any of its rows is deleted."""
    copied(source, archive)
    replace(source)
    n_left = n_changes

    commit = Commits.commit

    def commit_some(self, table, change, n_new=None):
        nonlocal n_left
        if not n_left:
            raise KeyboardInterrupt
        n_left -= 1
        commit(self, table, change, n_new)

    with monkeypatch.context() as patch:
        patch.setattr(Commits, "commit", commit_some)
        with pytest.raises(KeyboardInterrupt):
            copied(source, archive)
    assert copied(source, archive) == ["b"]
    assert_same(archive, source)
    assert len(archive.clips()) == 3


def test_half_precision_is_copied_exactly(source, tmp_path):
    halves = [
        WindowArchive.create(tmp_path / name, Head(DIM, "a model", half=True)) for name in "xy"
    ]
    add_clips(halves[0], ["a"])
    copied(*halves)
    assert_same(halves[1], halves[0])
