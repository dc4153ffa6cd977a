"""The maps of a collection."""

import numpy as np

from soundalike.explore.collection import Collection
from soundalike.explore.layouts import Layouts


def test_similar_rows_are_near_on_the_first_map(explored):
    layouts = Layouts(Collection(explored))
    assert layouts.states()["pca"] == "ready"
    points = layouts.points("pca")
    assert points.shape == (len(explored), 2)
    frogs = points[5:45]
    assert np.linalg.norm(frogs - frogs.mean(axis=0), axis=1).max() < 0.5
    assert layouts.points("no such map") is None
