"""An archive on disk."""

import dataclasses
import json

import numpy as np
import pytest
from archives import DIM, add_clips, make_rows, make_vectors

from soundalike.archive import window_archive
from soundalike.archive import writer as writer_module
from soundalike.archive.head import HEAD, ArchiveError, Head
from soundalike.archive.window_archive import WindowArchive
from soundalike.runtime import lock
from soundalike.runtime.lock import InUseError

NAMES = ["a.wav", 'it\'s "b".wav', "new\nline #1 100%.wav", "../ü/日本.wav"]


def test_rows_come_back_as_they_were_added(archive):
    vectors = add_clips(archive, NAMES, label="dog;rain")
    archive = WindowArchive.open(archive.path)
    assert repr(archive) == f"WindowArchive('{archive.path}'): 8 rows"
    rows = archive.rows()
    assert rows["id"].tolist() == list(range(8))
    expected = make_rows(NAMES, label="dog;rain")
    for column in expected:
        assert rows[column].tolist() == expected[column].tolist()
    ids, stored = archive.vectors()
    np.testing.assert_array_equal(stored, vectors)
    assert ids.tolist() == list(range(8))
    table = archive.to_pandas()
    np.testing.assert_array_equal(np.stack(table["vector"]), vectors)
    assert archive.clips()["path"].tolist() == NAMES


def test_rows_are_selected_by_id_and_by_condition(archive):
    vectors = add_clips(archive, NAMES)
    assert archive.rows([5, 0, 99])["id"].tolist() == [5, 0]
    assert archive.rows([], columns=["path"]).empty
    assert archive.rows([0, 1, 2], where="start_s > 0", columns=["start_s"]).to_dict("list") == {
        "start_s": [1.0]
    }
    ids, selection = archive.vectors("start_s = 1")
    assert ids.tolist() == [1, 3, 5, 7]
    np.testing.assert_array_equal(selection, vectors[1::2])
    assert archive.count("path LIKE '%.wav' AND start_s = 0") == 4


def test_an_empty_archive_has_all_columns(archive):
    assert len(archive) == 0
    assert list(archive.rows()) == ["id", *make_rows(["a"])]
    ids, vectors = archive.vectors()
    assert (ids.shape, vectors.shape) == ((0,), (0, DIM))
    assert archive.clips().empty
    assert list(archive.to_pandas())[-1] == "vector"


def test_half_precision_takes_half_the_space(tmp_path):
    sizes = []
    for half in (False, True):
        archive = WindowArchive.create(tmp_path / f"{half}", Head(256, "m", half=half))
        vectors = add_clips(archive, ["a.wav"], n_windows=400)
        np.testing.assert_allclose(archive.vectors()[1], vectors, rtol=1e-3, atol=1e-4)
        files = archive.path.rglob("*.lance")
        sizes.append(sum(path.stat().st_size for path in files if path.is_file()))
    assert sizes[0] < 1.1 * 400 * 256 * 4
    assert sizes[1] < 0.6 * sizes[0]


def test_a_new_archive_does_not_take_the_place_of_something_else(archive, tmp_path):
    assert WindowArchive.create(archive.path, Head(3, "other")).head == archive.head
    (tmp_path / "file").touch()
    with pytest.raises(ArchiveError, match="is a file"):
        WindowArchive.create(tmp_path / "file", archive.head)
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").touch()
    with pytest.raises(ArchiveError, match="exists and is not an archive"):
        WindowArchive.create(tmp_path / "thesis", archive.head)
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter"]


def test_another_place_of_the_tables_is_refused(archive, tmp_path):
    with pytest.raises(ArchiveError, match="in its folder"):
        WindowArchive.create(archive.path, dataclasses.replace(archive.head, tables="s3://a/b"))
    with pytest.raises(ArchiveError, match="expected an address"):
        WindowArchive.create(tmp_path / "new", Head(4, "m", tables="/tables"))
    assert not (tmp_path / "new").exists()


def test_an_interrupted_creation_is_done_again(tmp_path):
    path = tmp_path / "archive"

    def fail(folder):
        folder.mkdir()
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        WindowArchive.create(path, Head(3, "m"), fail)
    with pytest.raises(ArchiveError, match="no archive there"):
        WindowArchive.open(path)
    (path / f"{HEAD}.123.partial").touch()
    folders = []
    WindowArchive.create(path, Head(3, "m"), folders.append)
    assert folders == [path / "model"]
    assert sorted(each.name for each in path.iterdir()) == [HEAD, "model"]


def test_a_moved_root_is_recorded(archive):
    archive.move_root("/elsewhere")
    assert WindowArchive.open(archive.path).head.root == "/elsewhere"
    assert json.loads((archive.path / HEAD).read_text())["model"] == "a model"


def test_a_second_writer_is_refused(archive, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE_S", 0)
    with archive.writer(), pytest.raises(InUseError, match="another run is at work there"):
        add_clips(WindowArchive.open(archive.path), ["a.wav"])
    add_clips(archive, ["a.wav"])
    assert len(archive) == 2


def test_a_reader_survives_a_writer_that_deletes_its_version(archive, monkeypatch):
    monkeypatch.setattr(writer_module, "COMMITS_PER_COMPACTION", 1)
    vectors = add_clips(archive, ["a.wav"])
    reader = WindowArchive.open(archive.path)
    assert len(reader) == 2
    add_clips(archive, ["b.wav"])
    np.testing.assert_array_equal(reader.vectors()[1][:2], vectors)
    reader.refresh()
    assert len(reader) == 4


def test_records_are_read_while_a_writer_deletes_their_version(archive, monkeypatch):
    add_clips(archive, ["a.wav"])
    open_table, n_opened = window_archive.open_table, 0

    def open_and_wait(*words):
        """Another run compacts the archive between the opening of a table and its reading."""
        nonlocal n_opened
        table, n_opened = open_table(*words), n_opened + 1
        if n_opened == 1:
            add_clips(archive, ["b.wav"])
            with archive.writer() as writer:
                writer.compact()
        return table

    monkeypatch.setattr(window_archive, "open_table", open_and_wait)
    records = WindowArchive.open(archive.path).clips()
    assert (n_opened, records["path"].tolist()) == (2, ["a.wav", "b.wav"])


def test_a_damaged_archive_is_one_plain_line(archive):
    add_clips(archive, ["a.wav"])
    for path in (archive.path / "rows.lance" / "data").iterdir():
        path.write_bytes(b"")
    with pytest.raises(ArchiveError, match="the archive cannot be read") as error:
        WindowArchive.open(archive.path).vectors()
    assert "\n" not in str(error.value)


def test_vectors_come_in_the_order_of_their_ids(archive):
    """LanceDB may return rows in another order after an update."""
    vectors = add_clips(archive, ["a.wav", "b.wav"])
    archive.row_table.update(where="path = 'a.wav'", values={"label": "dog"})
    archive.refresh()
    ids, stored = archive.vectors()
    assert ids.tolist() == archive.rows()["id"].tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(stored, vectors)
    assert make_vectors(1).shape == (1, DIM)
