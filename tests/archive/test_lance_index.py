"""The approximate index; `test_neighbors` compares it with the exact one."""

import os

import numpy as np
import pytest
from archives import add_clips, make_records, make_rows, make_vectors

from soundalike.archive.head import ArchiveError, Head
from soundalike.archive.lance_index import LanceIndex, has_index, has_torn_index
from soundalike.archive.window_archive import WindowArchive


def test_an_index_is_built_once_and_extended(archive):
    add_clips(archive, ["a.wav"], n_windows=20)
    assert not has_index(archive.row_table)
    for _ in range(2):
        with archive.writer() as writer:
            writer.build_index()
    assert has_index(archive.row_table)
    add_clips(archive, ["b.wav"], n_windows=5)
    with archive.writer() as writer:
        writer.compact()
    rows = archive.row_table
    statistics = {
        column: rows.index_stats(index.name)
        for index in rows.list_indices()
        for column in index.columns
    }
    assert {column: each.index_type for column, each in statistics.items()} == {
        "id": "BTREE", "vector": "IVF_SQ",
    }  # fmt: skip
    for each in statistics.values():
        assert (each.num_indexed_rows, each.num_unindexed_rows) == (25, 0)


def cut_in_half(path):
    os.truncate(path, path.stat().st_size // 2)


def empty(path):
    os.truncate(path, 0)


def fill_with_zeros(path):
    path.write_bytes(bytes(path.stat().st_size))


def fill_half_with_zeros(path):
    content = path.read_bytes()
    path.write_bytes(bytes(len(content) // 2) + content[len(content) // 2 :])


def remove(path):
    path.unlink()


TEARS = [cut_in_half, empty, fill_with_zeros, fill_half_with_zeros, remove]


@pytest.mark.parametrize("name", ["index.idx", "auxiliary.idx", "page_*", "*"])
@pytest.mark.parametrize("tear", TEARS)
def test_an_index_that_a_power_cut_has_torn_is_built_again(tear, name, archive):
    vectors = add_clips(archive, ["a.wav"], n_windows=50)
    with archive.writer() as writer:
        writer.build_index()
    files = [*archive.path.glob(f"rows.lance/_indices/*/{name}")]
    assert files
    for path in files:
        tear(path)
    assert has_torn_index(archive.path, archive.row_table)
    if name != "page_*":
        with pytest.raises(ArchiveError, match="embed the sounds into it again, which repairs"):
            LanceIndex(archive).nearest(vectors[7], 1)
    with archive.writer() as writer:
        writer.build_index()
        writer.compact()
    assert has_index(archive.row_table)
    assert not has_torn_index(archive.path, archive.row_table)
    for row in (7, 49):
        best = LanceIndex(archive).nearest(vectors[row], 1)
        assert best.ids.tolist() == archive.rows(ids=[row])["id"].tolist() == [row]
    np.testing.assert_array_equal(archive.vectors()[1], vectors)
    assert not any(path.exists() for path in files)


@pytest.mark.parametrize("half", [False, True])
def test_an_index_that_is_whole_stays(half, tmp_path):
    archive = WindowArchive.create(tmp_path / "archive", Head(8, "a model", half=half))
    add_clips(archive, ["a.wav"], n_windows=50)
    assert not has_torn_index(archive.path, archive.row_table)
    with archive.writer() as writer:
        writer.build_index()
    version = archive.row_table.version
    with archive.writer():
        pass
    assert archive.row_table.version == version
    assert has_index(archive.row_table)


def indexed(archive, vectors):
    """Return an archive with an index of vectors, the first half of which is of one file."""
    halves = [make_rows([name], len(vectors) // 2) for name in ("a.wav", "b.wav")]
    with archive.writer() as writer:
        for rows, some in zip(halves, np.split(vectors, 2), strict=True):
            writer.add(rows, some)
            writer.finish(make_records(rows))
        writer.build_index()
    return archive


def test_rows_that_meet_a_condition_are_found_however_far_they_are(archive):
    vectors = 0.3 * make_vectors(4000)
    vectors[:2000, 0] += 3
    vectors[2000:, 0] -= 3
    index = LanceIndex(indexed(archive, vectors), "path = 'b.wav'")
    for k in (1, 50, 2000):
        neighbors = index.nearest(vectors[0], k)
        assert len(np.unique(neighbors.ids)) == k
        assert neighbors.ids.min() >= 2000
        assert (np.diff(neighbors.similarities) <= 0).all()
    assert len(LanceIndex(archive).nearest(vectors[0], 4000).ids) == 4000


def test_it_survives_a_writer_that_deletes_its_version(archive):
    vectors = make_vectors(200)
    index = LanceIndex(WindowArchive.open(indexed(archive, vectors).path))
    assert len(index) == 200
    add_clips(archive, ["c.wav"], seed=1)
    with archive.writer() as writer:
        writer.compact()
    assert index.nearest(vectors[7], 1).ids.tolist() == [7]
    assert len(index) == 202


def test_a_wrong_condition_is_one_plain_line(archive):
    add_clips(archive, ["a.wav"])
    index = LanceIndex(archive, "no SQL at all")
    with pytest.raises(ArchiveError, match="cannot be read"):
        index.nearest(make_vectors(1)[0], 2)


def test_cells_without_rows_are_nothing_to_say(archive, capfd):
    rows = make_rows(["a.wav"], 600)
    with archive.writer() as writer:
        writer.add(rows, make_vectors(20).repeat(30, axis=0))
        writer.finish(make_records(rows))
        writer.build_index()
    assert capfd.readouterr().err == ""
