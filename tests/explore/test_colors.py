"""What the page can color points by."""

import threading

import numpy as np
import pytest

from soundalike.explore import colors
from soundalike.explore.collection import Categories, Collection
from soundalike.explore.colors import Scale, colorings
from soundalike.explore.labeled_rows import LabeledRows


@pytest.fixture(scope="module")
def collection(explored):
    return Collection(explored)


def test_every_color_has_a_value_for_every_row(collection):
    table = colorings(collection, LabeledRows(collection))
    assert list(table) == ["label", "your label", "cluster", "folder", "loudness"]
    for name, coloring_of in table.items():
        coloring = coloring_of()
        values = coloring.values if isinstance(coloring, Scale) else coloring.codes
        assert len(values) == len(collection), name
        if isinstance(coloring, Categories):
            assert values.max() == len(coloring.names) - 1, name
        else:
            assert 0 <= values.min() <= values.max() <= 1, name


def test_clusters_are_of_sounds_that_are_alike(collection):
    frogs = colorings(collection, LabeledRows(collection))["cluster"]().codes[5:45]
    others = colorings(collection, LabeledRows(collection))["cluster"]().codes[[0, 3, 45, 46]]
    assert not set(frogs) & set(others)


def test_clusters_are_computed_once_for_all_threads(collection, monkeypatch):
    results = []

    def clusters(collection):
        results.append(Categories(["1"], np.zeros(47, np.uint16)))
        return results[-1]

    monkeypatch.setattr(colors, "clusters", clusters)
    coloring_of = colorings(collection, LabeledRows(collection))["cluster"]
    threads = [threading.Thread(target=coloring_of) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 1
