"""The second map."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from archives import make_vectors

from soundalike.explore import umap_map
from soundalike.explore.pca import in_square, principal_components, unit_rows
from soundalike.explore.umap_map import FEWEST_ROWS, MapError, fit, fitted_rows, nearest, place


def test_neighbors_are_exact(monkeypatch):
    monkeypatch.setattr(umap_map, "ROWS_AT_ONCE", 7)
    vectors, among = make_vectors(30), make_vectors(50, seed=1)
    rows = np.arange(5, 25)
    neighbors, distances = nearest(vectors, rows, among, 5)
    expected = np.linalg.norm(unit_rows(vectors[rows])[:, None] - unit_rows(among), axis=2)
    np.testing.assert_array_equal(neighbors, expected.argsort(axis=1)[:, :5])
    np.testing.assert_allclose(distances, np.sort(expected, axis=1)[:, :5], atol=1e-3)


def test_each_row_is_its_own_nearest_among_copies_of_it(monkeypatch):
    monkeypatch.setattr(umap_map, "ROWS_AT_ONCE", 7)
    vectors = np.repeat(make_vectors(10), 2, axis=0)
    rows = np.arange(20)
    neighbors, distances = nearest(vectors, rows, vectors, 3, are_same=True)
    np.testing.assert_array_equal(neighbors[:, 0], rows)
    np.testing.assert_array_equal(neighbors[:, 1], rows ^ 1, "its copy")
    assert (distances[:, 0] == 0).all()
    assert all(len(set(row)) == 3 for row in neighbors)


def test_a_row_is_placed_where_its_nearest_rows_are():
    vectors = make_vectors(43)
    vectors[40:42] = 2 * vectors[:2]
    vectors[42] = unit_rows(vectors[:2]).sum(axis=0)
    fitted, points = np.arange(40), make_vectors(40, seed=1, dim=2)
    placed = place(vectors, np.array([40, 41]), fitted, points)
    np.testing.assert_allclose(placed, points[:2], atol=0.02)
    between = place(vectors, np.array([42]), fitted[:2], points[:2])
    np.testing.assert_allclose(between, points[:2].mean(axis=0, keepdims=True), atol=1e-3)


def test_few_rows_are_placed_by_their_principal_components():
    vectors = make_vectors(FEWEST_ROWS - 1)
    np.testing.assert_array_equal(fit(vectors), in_square(principal_components(vectors)))
    assert fit(vectors[:0]).shape == (0, 2)


def test_the_rows_that_are_fitted_are_the_same_each_time(monkeypatch):
    assert fitted_rows(5).tolist() == [0, 1, 2, 3, 4]
    monkeypatch.setattr(umap_map, "MOST_FITTED", 20)
    rows = fitted_rows(100)
    assert len(set(rows)) == 20
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(rows, fitted_rows(100))


@pytest.fixture
def layout(monkeypatch):
    """A function that replaces UMAP's layout, which takes long to import and compile."""

    def replace(lay_out):
        module = SimpleNamespace(
            find_ab_params=lambda spread, least_distance: (1.6, 0.9),
            simplicial_set_embedding=lay_out,
        )
        monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(umap_=module))
        monkeypatch.setitem(sys.modules, "umap.umap_", module)

    return replace


def test_umap_starts_from_exact_neighbors_and_from_principal_components(layout, monkeypatch):
    calls = []

    def lay_out(vectors, graph, **settings):
        calls.append((graph, settings))
        return settings["init"] + 5, {}

    layout(lay_out)
    vectors = make_vectors(30)
    points = fit(vectors)
    monkeypatch.setattr(umap_map, "FEW_ROWS", 29)
    fit(vectors)
    (graph, settings), (_, settings_of_more) = calls
    closeness = unit_rows(vectors) @ unit_rows(vectors).T - 2 * np.eye(30)
    np.testing.assert_allclose(graph.toarray()[np.arange(30), closeness.argmax(axis=1)], 1, 1e-6)
    assert settings["random_state"].randint(1000) == np.random.RandomState(0).randint(1000)
    assert (settings["n_epochs"], settings_of_more["n_epochs"]) == (500, 200)
    np.testing.assert_allclose(points, in_square(principal_components(vectors)), atol=1e-4)


def test_a_fit_that_fails_is_an_error(layout):
    layout(lambda vectors, graph, **settings: (np.full((len(vectors), 2), np.nan), {}))
    with pytest.raises(MapError, match="nowhere"):
        fit(make_vectors(FEWEST_ROWS))


@pytest.mark.slow
def test_groups_are_apart_and_the_map_is_the_same_each_time():
    centers = 8 * make_vectors(3, dim=16)
    vectors = np.repeat(centers, 40, axis=0) + make_vectors(120, seed=1, dim=16)
    points = fit(vectors)
    np.testing.assert_array_equal(points, fit(vectors))
    assert np.abs(points).max() == pytest.approx(1)
    groups = points.reshape(3, 40, 2)
    spread = np.linalg.norm(groups - groups.mean(axis=1, keepdims=True), axis=2).max()
    between = np.linalg.norm(groups.mean(axis=1)[:, None] - groups.mean(axis=1), axis=2)
    assert between[np.triu_indices(3, 1)].min() > spread


@pytest.mark.slow
@pytest.mark.parametrize("value", [0, 1])
def test_equal_rows_have_a_map(value):
    points = fit(np.full((100, 8), value, np.float32))
    assert np.isfinite(points).all()
