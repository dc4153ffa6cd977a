"""The map that an archive stores."""

import dataclasses

import numpy as np
import pytest
from archives import add_clips, make_records, make_rows, make_vectors
from hypothesis import given
from hypothesis import strategies as st

from soundalike.archive.head import Head
from soundalike.explore import umap_map
from soundalike.explore.stored_map import (
    ADDED,
    FILE,
    FITTED,
    PLACED,
    read,
    read_points,
    row_keys,
    update,
)
from soundalike.search.archive import Archive


@pytest.fixture
def archive(tmp_path):
    archive = Archive.create(tmp_path / "archive", Head(8, "model"))
    add_clips(archive, [f"{number}.wav" for number in range(10)])
    return archive


@pytest.fixture
def fits(monkeypatch):
    """Count the vectors that a map is fitted to, and take two of their numbers for it."""
    counts = []

    def fit(vectors):
        counts.append(len(vectors))
        return vectors[:, :2].copy()

    monkeypatch.setattr(umap_map, "fit", fit)
    return counts


def points_of(archive):
    return read_points(archive, archive.rows())


def test_a_map_is_computed_once(archive, fits):
    assert points_of(archive) is None
    update(archive)
    update(archive)
    assert fits == [20]
    vectors = archive.vectors()[1]
    np.testing.assert_array_equal(points_of(archive), vectors[:, :2])
    np.testing.assert_array_equal(
        read_points(archive, archive.rows(ids=[7, 3])), vectors[[7, 3], :2]
    )


def test_rows_that_are_added_are_placed_until_they_are_more_than_a_tenth(archive, fits):
    update(archive)
    before = points_of(archive)
    for number in range(2):
        add_clips(archive, [f"new {number}.wav"], seed=5 + number, n_windows=1)
        assert points_of(archive) is None
        update(archive)
        assert fits == [20]
        np.testing.assert_array_equal(points_of(archive)[:20], before)
        assert (read(archive).kinds == ADDED).sum() == number + 1
    add_clips(archive, ["one more.wav"], seed=7, n_windows=1)
    update(archive)
    assert fits == [20, 23]
    assert set(read(archive).kinds) == {FITTED}


def test_an_added_row_is_placed_among_fitted_ones_only(archive, fits):
    update(archive)
    rows = make_rows(["copy of 0.wav"], 1)
    vectors = archive.vectors()[1]
    with archive.writer() as writer:
        writer.add(rows, 3 * vectors[:1])
        writer.finish(make_records(rows))
    update(archive)
    np.testing.assert_allclose(points_of(archive)[20], vectors[0, :2], atol=0.05)


def test_rows_beyond_the_most_are_placed_with_the_fit(archive, fits, monkeypatch):
    monkeypatch.setattr(umap_map, "MOST_FITTED", 15)
    update(archive)
    assert fits == [15]
    kinds = read(archive).kinds
    assert ((kinds == FITTED).sum(), (kinds == PLACED).sum()) == (15, 5)
    assert np.isfinite(points_of(archive)).all()


def test_copies_of_a_recording_have_one_point(archive, fits):
    rows = make_rows(["a/x.wav", "b/x.wav"], 3, recording="the same")
    vectors = np.tile(make_vectors(3, seed=9), (2, 1))
    with archive.writer() as writer:
        writer.add(rows, vectors)
        writer.finish(make_records(rows))
    update(archive)
    assert fits == [23]
    points = points_of(archive)
    np.testing.assert_array_equal(points[20:23], points[23:])
    np.testing.assert_array_equal(points[20:23], vectors[:3, :2])


def test_an_empty_archive_has_an_empty_map(tmp_path):
    archive = Archive.create(tmp_path / "archive", Head(8, "model"))
    update(archive)
    assert points_of(archive).shape == (0, 2)
    add_clips(archive, ["a.wav"])
    update(archive)
    assert points_of(archive).shape == (2, 2)


def test_the_map_of_another_model_is_not_used(archive, fits):
    update(archive)
    archive.head = dataclasses.replace(archive.head, model="another")
    assert points_of(archive) is None


def test_keys_are_the_same_in_every_process():
    keys = row_keys(make_rows(["a.wav"], 2))
    assert keys.tolist() == [9305666449573554317, 7839243486679052542]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """An archive with a map, and the bytes of the map."""
    archive = Archive.create(tmp_path_factory.mktemp("archives") / "archive", Head(8, "model"))
    add_clips(archive, ["a.wav", "b.wav"])
    update(archive)
    return archive, (archive.path / FILE).read_bytes()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"text", b"\x93NUMPY\x01\x00v\x00{"])
def test_a_file_that_is_no_map_is_replaced(stored, content):
    archive, whole = stored
    (archive.path / FILE).write_bytes(content)
    assert points_of(archive) is None
    update(archive)
    assert (archive.path / FILE).read_bytes()[:4] == whole[:4]
    assert points_of(archive).shape == (4, 2)


@given(st.data())
def test_a_damaged_map_is_recognized(stored, data):
    """One that is cut, or in which a byte differs, is not used, or has the same points."""
    archive, whole = stored
    position = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        content = whole[:position]
    else:
        byte = whole[position] ^ data.draw(st.integers(1, 255))
        content = whole[:position] + bytes([byte]) + whole[position + 1 :]
    (archive.path / FILE).write_bytes(whole)
    expected = read(archive)
    (archive.path / FILE).write_bytes(content)
    result = read(archive)
    if result is not None:
        np.testing.assert_array_equal(result.points, expected.points)
        np.testing.assert_array_equal(result.keys, expected.keys)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 99},
        {"points": np.full((4, 2), np.nan, np.float32)},
        {"points": np.zeros((3, 2), np.float32)},
        {"kinds": np.zeros(3, np.uint8)},
        {"keys": np.zeros(4, np.uint64)},
        {"keys": np.arange(4)},
    ],
    ids=["version", "not finite", "few points", "few kinds", "equal keys", "other keys"],
)
def test_arrays_that_do_not_belong_together_are_no_map(stored, change):
    archive, whole = stored
    (archive.path / FILE).write_bytes(whole)
    with np.load(archive.path / FILE) as content:
        arrays = dict(content)
    np.savez(archive.path / FILE, **(arrays | change))
    assert read(archive) is None
