"""The graph that UMAP draws."""

import numpy as np
import pytest
from archives import make_vectors

from soundalike.explore.neighbor_graph import _widths, neighbor_graph
from soundalike.explore.umap_map import nearest

N_ROWS, K = 60, 15


@pytest.fixture
def neighbors():
    """The nearest rows of each row, and their distances; five rows are the same."""
    vectors = make_vectors(N_ROWS)
    vectors[1:5] = vectors[0]
    return nearest(vectors, np.arange(N_ROWS), vectors, K, are_same=True)


def test_the_graph_is_symmetric_without_loops_and_the_nearest_are_sure(neighbors):
    weights = neighbor_graph(*neighbors).toarray()
    np.testing.assert_array_equal(weights, weights.T)
    assert (weights.diagonal() == 0).all()
    assert weights.min() >= 0
    assert weights.max() == pytest.approx(1)
    np.testing.assert_allclose(weights[np.arange(5, N_ROWS), neighbors[0][5:, 1]], 1, rtol=1e-6)
    np.testing.assert_allclose(weights[:5, :5], 1 - np.eye(5), rtol=1e-6)
    others = [set(range(N_ROWS)) - set(row) for row in neighbors[0]]
    is_edge = weights > 0
    assert not any(is_edge[row, other] and row not in neighbors[0][other]
                   for row in range(N_ROWS) for other in others[row])  # fmt: skip


def test_weights_of_a_row_add_up_to_the_logarithm_of_their_number():
    beyond = np.sort(np.abs(make_vectors(20, dim=K)), axis=1)
    beyond[:, :2] = 0
    widths = _widths(beyond[:, 1:], np.log2(K), beyond)
    np.testing.assert_allclose(np.exp(-beyond[:, 1:] / widths).sum(axis=1), np.log2(K), atol=1e-4)


def test_weights_of_a_pair_are_joined_as_independent_events():
    neighbors, distances = (
        np.array([[0, 1, 2], [1, 2, 0], [2, 1, 0]]),
        np.array([[0, 1, 1.5], [0, 0.5, 1], [0, 0.5, 1.5]], np.float32),
    )
    width = {row: _widths(beyond[None, 1:], np.log2(3), each[None])[0, 0]
             for row, each in enumerate(distances) for beyond in [each - each[1]]}  # fmt: skip
    weights = neighbor_graph(neighbors, distances).toarray()
    first, second = np.exp(-0.5 / width[0]), np.exp(-1 / width[2])
    assert weights[0, 2] == pytest.approx(first + second - first * second, rel=1e-5)


@pytest.mark.parametrize("distance", [0, 1])
def test_rows_at_the_same_distance_are_neighbors_for_sure(distance):
    neighbors = (np.arange(20)[:, None] + np.arange(K)) % 20
    distances = np.full((20, K), distance, np.float32)
    distances[:, 0] = 0
    weights = neighbor_graph(neighbors, distances).toarray()
    np.testing.assert_allclose(weights[np.arange(20)[:, None], neighbors[:, 1:]], 1)


@pytest.mark.slow
def test_the_graph_is_that_of_umap_learn(neighbors):
    from umap.umap_ import fuzzy_simplicial_set

    expected, *_ = fuzzy_simplicial_set(
        np.zeros((N_ROWS, 1)), K, np.random.RandomState(0), "euclidean",
        knn_indices=neighbors[0], knn_dists=neighbors[1],
    )  # fmt: skip
    graph = neighbor_graph(*neighbors)
    np.testing.assert_allclose(graph.toarray(), expected.toarray(), atol=2e-5)
