"""Few neighbors by an approximate index, many by a scan."""

import numpy as np
import pytest
from archives import DIM, add_clips, make_vectors

from soundalike.archive import approximate_index as module
from soundalike.archive import index as index_module
from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.exact_index import ExactIndex
from soundalike.archive.index import open_index

N = 400


@pytest.fixture
def indexed(archive, monkeypatch):
    """An archive that counts as large, with an approximate index."""
    monkeypatch.setattr(index_module, "EXACT_ROWS", 100)
    monkeypatch.setattr(module, "MOST_NEIGHBORS", 20)
    add_clips(archive, ["a.wav"], n_windows=N)
    with archive.writer() as writer:
        writer.build_index()
    return archive


@pytest.mark.parametrize("is_centered", [False, True])
def test_many_neighbors_are_those_of_the_exact_index(indexed, is_centered):
    backgrounds, where = Backgrounds.of(indexed) if is_centered else None, "start_s < 300"
    index = open_index(indexed, where, backgrounds=backgrounds)
    exact = ExactIndex(*indexed.vectors(where), backgrounds)
    assert len(index) == 300
    first, second = make_vectors(2, 1, DIM)
    for vector, k in [(first, 30), (first, 300), (second, 21), (second, 1000), (first, 25)]:
        ours, expected = index.nearest(vector, k), exact.nearest(vector, k)
        assert ours.ids.tolist() == expected.ids.tolist()
        np.testing.assert_allclose(ours.similarities, expected.similarities, atol=1e-5)
    few = index.nearest(first, 5)
    assert few.ids.tolist() == exact.nearest(first, 5).ids.tolist()


def test_a_scan_keeps_no_vectors(indexed, monkeypatch):
    """Whatever the number of queries: there are as many as memory holds, or more."""
    index = open_index(indexed)
    monkeypatch.setattr(type(indexed), "vectors", None)
    for vector in make_vectors(3, 1, DIM):
        assert len(index.nearest(vector, 30).ids) == 30
