"""Arrays that are stored in their archive, as backgrounds are."""

import dataclasses

import numpy as np
import pytest
from archives import make_records, make_rows, make_vectors

from soundalike.archive import stored_arrays as module
from soundalike.archive.backgrounds import LONG_S, Backgrounds
from soundalike.archive.stored_arrays import stored_or_computed
from soundalike.archive.window_archive import WindowArchive

FILE = "some.npz"
N = round(2 * LONG_S)


@pytest.fixture
def long_archive(archive, monkeypatch):
    """An archive of a long recording, which counts as a large one."""
    monkeypatch.setattr(module, "FEWEST_ROWS", 1)
    add(archive, "a.wav")
    return archive


def add(archive, path):
    rows = make_rows([path], N)
    with archive.writer() as writer:
        writer.add(rows, make_vectors(N) + 5)
        writer.finish(make_records(rows))


def backgrounds_of(archive):
    return stored_or_computed(archive, FILE, Backgrounds, lambda: Backgrounds.of(archive))


def equal(ours, expected):
    return all(
        np.array_equal(getattr(ours, field.name), getattr(expected, field.name))
        for field in dataclasses.fields(Backgrounds)
    )


def test_arrays_are_computed_once(long_archive, monkeypatch):
    computed = backgrounds_of(long_archive)
    assert (long_archive.path / FILE).exists()
    assert equal(computed, Backgrounds.of(long_archive))
    monkeypatch.setattr(Backgrounds, "of", None)
    assert equal(backgrounds_of(WindowArchive.open(long_archive.path)), computed)


def test_those_of_few_rows_are_not_stored(long_archive, monkeypatch):
    monkeypatch.setattr(module, "FEWEST_ROWS", N + 1)
    backgrounds_of(long_archive)
    assert not (long_archive.path / FILE).exists()
    monkeypatch.setattr(module, "FEWEST_ROWS", N)
    backgrounds_of(long_archive)
    assert (long_archive.path / FILE).exists()


def test_they_are_those_of_all_rows(long_archive):
    before = backgrounds_of(long_archive)
    add(long_archive, "b.wav")
    after = backgrounds_of(long_archive)
    assert (len(before), len(after)) == (1, 2)
    assert equal(backgrounds_of(WindowArchive.open(long_archive.path)), after)


@pytest.mark.parametrize("damage", ["cut", "other model", "other rows"])
def test_what_cannot_be_used_is_computed_anew(long_archive, damage):
    computed, file = backgrounds_of(long_archive), long_archive.path / FILE
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-100])
    else:
        with np.load(file) as content:
            arrays = dict(content)
        arrays |= {"model": np.array("b")} if damage == "other model" else {"ids": np.arange(3)}
        with file.open("wb") as stream:
            np.savez(stream, **arrays)
    assert equal(backgrounds_of(long_archive), computed)
    assert equal(backgrounds_of(long_archive), computed)


def test_an_archive_that_cannot_be_written_has_arrays_too(long_archive):
    (long_archive.path / FILE).mkdir()
    assert len(backgrounds_of(long_archive)) == 1
    assert not any((long_archive.path / FILE).iterdir())


def test_a_small_archive_stores_nothing(archive):
    assert len(backgrounds_of(archive).ids) == 0
    add(archive, "long.wav")
    assert len(backgrounds_of(archive)) == 1
    assert not (archive.path / FILE).exists()
