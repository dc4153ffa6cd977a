"""Rows and vectors while another process embeds."""

import numpy as np
import pytest
from archives import DIM, add_clips, replace_clip

from soundalike.archive.head import ArchiveError, Head
from soundalike.archive.one_moment import rows_with_vectors, vectors_of
from soundalike.archive.window_archive import WindowArchive


@pytest.fixture
def archive(tmp_path):
    archive = WindowArchive.create(tmp_path / "archive", Head(DIM, "m"))
    add_clips(archive, ["a.wav", "b.wav", "c.wav"])
    return WindowArchive.open(archive.path)


def test_rows_have_their_own_vectors(archive, monkeypatch):
    read = archive.vectors

    def late(where=None):
        if (archive.rows()["id"] == 2).any():
            replace_clip(archive.path, "b.wav")
        return read(where)

    monkeypatch.setattr(archive, "vectors", late)
    rows, vectors = rows_with_vectors(archive)
    ids, expected = WindowArchive.open(archive.path).vectors()
    assert rows["id"].tolist() == ids.tolist() == [0, 1, 4, 5, 6, 7]
    np.testing.assert_array_equal(vectors, expected)


def test_vectors_of_earlier_rows_are_theirs_or_refused(archive):
    """In place of replaced rows, those that came later were taken: as many, but others."""
    rows, (_, vectors) = archive.rows(), archive.vectors()
    add_clips(WindowArchive.open(archive.path), ["d.wav"], seed=1)
    archive.refresh()
    np.testing.assert_array_equal(vectors_of(archive, rows), vectors)
    replace_clip(archive.path, "a.wav")
    with pytest.raises(ArchiveError, match="embedded again since it was opened: open it again"):
        vectors_of(archive, rows)
