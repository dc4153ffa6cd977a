"""The approximate index of centered rows against the exact one."""

import dataclasses

import numpy as np
import pytest
from archives import DIM, add_clips, make_records, make_rows, make_vectors

from soundalike.archive import outline_index as module
from soundalike.archive import stored_arrays
from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.exact_index import ExactIndex
from soundalike.archive.head import Head
from soundalike.archive.outline import Outline
from soundalike.archive.outline_index import FILE, OutlineIndex, outline_of
from soundalike.archive.window_archive import WindowArchive

N = 400


@pytest.fixture(scope="module")
def long_archive(tmp_path_factory):
    """Ten recordings of 40 s."""
    archive = WindowArchive.create(tmp_path_factory.mktemp("outline") / "archive", Head(DIM, "m"))
    rows = make_rows([f"{number}.wav" for number in range(10)], N // 10)
    backgrounds = np.repeat(make_vectors(10, seed=1), N // 10, axis=0)
    with archive.writer() as writer:
        writer.add(rows, make_vectors(N) + 5 * backgrounds)
        writer.finish(make_records(rows))
    return archive


@pytest.fixture(scope="module")
def backgrounds(long_archive):
    return Backgrounds.of(long_archive)


@pytest.mark.parametrize("where", [None, "start_s < 20", "path = '3.wav'", "start_s < 0"])
def test_few_candidates_hold_the_nearest_rows(long_archive, backgrounds, where, monkeypatch):
    monkeypatch.setattr(module, "FEWEST_CANDIDATES", 20)
    monkeypatch.setattr(module, "CANDIDATES_PER_NEIGHBOR", 2)
    index = OutlineIndex(long_archive, backgrounds, where)
    exact = ExactIndex(*long_archive.vectors(where), backgrounds)
    assert len(index) == len(exact)
    for query in make_vectors(5, seed=2):
        for k in (1, 10, N):
            ours, expected = index.nearest(query, k), exact.nearest(query, k)
            assert ours.ids.tolist() == expected.ids.tolist()
            np.testing.assert_allclose(ours.similarities, expected.similarities, atol=1e-6)


def test_the_outline_is_stored_with_the_rows_it_is_of(archive, monkeypatch):
    monkeypatch.setattr(stored_arrays, "FEWEST_ROWS", 1)
    add_clips(archive, ["a.wav"], n_windows=40)
    backgrounds = Backgrounds.of(archive)
    outline = outline_of(archive, backgrounds)
    assert (archive.path / FILE).exists()
    add_clips(archive, ["b.wav"], n_windows=40)
    older = outline_of(archive, backgrounds)
    assert older.ids.tolist() == outline.ids.tolist()
    newer = outline_of(archive, Backgrounds.of(archive))
    assert len(newer.ids) == 80
    monkeypatch.setattr(Outline, "of", None)
    stored = outline_of(archive, Backgrounds.of(archive))
    for field in dataclasses.fields(Outline):
        np.testing.assert_array_equal(getattr(stored, field.name), getattr(newer, field.name))
