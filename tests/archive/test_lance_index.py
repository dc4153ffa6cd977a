"""The approximate index; `test_neighbors` compares it with the exact one."""

import pytest
from archives import add_clips, make_records, make_rows, make_vectors

from soundalike.archive.head import ArchiveError
from soundalike.archive.lance_index import LanceIndex, has_index


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


def test_a_wrong_condition_is_one_plain_line(archive):
    add_clips(archive, ["a.wav"])
    index = LanceIndex(archive.path, archive.row_table, "no SQL at all")
    with pytest.raises(ArchiveError, match="cannot be read"):
        index.nearest(make_vectors(1)[0], 2)


def test_cells_without_rows_are_nothing_to_say(archive, capfd):
    rows = make_rows(["a.wav"], 600)
    with archive.writer() as writer:
        writer.add(rows, make_vectors(20).repeat(30, axis=0))
        writer.finish(make_records(rows))
        writer.build_index()
    assert capfd.readouterr().err == ""
