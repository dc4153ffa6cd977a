"""Few neighbors by an approximate index, many by a scan."""

import numpy as np
import pytest
from archives import DIM, make_records, make_rows, make_vectors

from soundalike.archive import approximate_index as module
from soundalike.archive import index as index_module
from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.exact_index import ExactIndex
from soundalike.archive.index import open_index

N = 400


@pytest.mark.parametrize("is_centered", [False, True])
def test_many_neighbors_are_those_of_the_exact_index(archive, monkeypatch, is_centered):
    monkeypatch.setattr(index_module, "EXACT_ROWS", 100)
    monkeypatch.setattr(module, "MOST_NEIGHBORS", 20)
    rows = make_rows(["a.wav"], N)
    with archive.writer() as writer:
        writer.add(rows, make_vectors(N))
        writer.finish(make_records(rows))
        writer.build_index()
    backgrounds, where = Backgrounds.of(archive) if is_centered else None, "start_s < 300"
    index = open_index(archive, where, backgrounds=backgrounds)
    exact = ExactIndex(*archive.vectors(where), backgrounds)
    assert len(index) == 300
    first, second = make_vectors(2, 1, DIM)
    for vector, k in [(first, 30), (first, 300), (second, 21), (second, 1000), (first, 25)]:
        ours, expected = index.nearest(vector, k), exact.nearest(vector, k)
        assert ours.ids.tolist() == expected.ids.tolist()
        np.testing.assert_allclose(ours.similarities, expected.similarities, atol=1e-5)
    few = index.nearest(first, 5)
    assert few.ids.tolist() == exact.nearest(first, 5).ids.tolist()


def test_a_scan_keeps_no_vectors(archive, monkeypatch):
    """Whatever the number of queries: there are as many as memory holds, or more."""
    monkeypatch.setattr(index_module, "EXACT_ROWS", 0)
    monkeypatch.setattr(module, "MOST_NEIGHBORS", 1)
    rows = make_rows(["a.wav"], N)
    with archive.writer() as writer:
        writer.add(rows, make_vectors(N))
        writer.finish(make_records(rows))
        writer.build_index()
    index = open_index(archive)
    monkeypatch.setattr(type(archive), "vectors", None)
    for vector in make_vectors(3, 1, DIM):
        assert len(index.nearest(vector, 9).ids) == 9
