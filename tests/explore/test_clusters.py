"""Groups of rows that sound alike."""

import numpy as np
from archives import make_vectors

from soundalike.explore import clusters
from soundalike.explore.clusters import cluster, cluster_names


def test_groups_that_are_apart_are_clusters_the_largest_first(monkeypatch):
    sizes = [10, 30, 20]
    centers = 10 * make_vectors(3)
    vectors = np.repeat(centers, sizes, axis=0) + 0.1 * make_vectors(60, seed=1)
    expected = np.repeat([2, 0, 1], sizes)
    np.testing.assert_array_equal(cluster(vectors, 3), expected)
    np.testing.assert_array_equal(cluster(3 * vectors, 3), expected, "directions count")
    monkeypatch.setattr(clusters, "MOST_FITTED", 30)
    monkeypatch.setattr(clusters, "ROWS_AT_ONCE", 7)
    np.testing.assert_array_equal(cluster(vectors, 3), expected)


def test_the_same_vectors_have_the_same_clusters():
    vectors = make_vectors(50)
    np.testing.assert_array_equal(cluster(vectors), cluster(vectors))


def test_few_vectors_have_few_clusters():
    assert cluster(make_vectors(0)).shape == (0,)
    assert sorted(cluster(make_vectors(2))) == [0, 1]
    assert cluster(np.ones((5, 3), np.float32)).tolist() == [0] * 5
    assert cluster(np.zeros((5, 3), np.float32)).tolist() == [0] * 5


def test_clusters_are_named_by_the_label_of_most_of_their_rows():
    clusters = np.array([0, 0, 0, 1, 1, 2, 2])
    names = cluster_names(clusters, ["dog", "", "dog", "cat", "dog", "", ""])
    assert names == ["1: mostly dog", "2", "3"]
    assert cluster_names(np.empty(0, np.uint16), []) == []
