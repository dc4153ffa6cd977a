"""Principal components."""

import numpy as np

from soundalike.explore import pca
from soundalike.explore.pca import in_square, principal_components, unit_rows


def test_components_are_those_of_scikit_learn(monkeypatch):
    from sklearn.decomposition import PCA

    vectors = np.random.default_rng(0).standard_normal((200, 8)).astype(np.float32)
    vectors *= np.arange(1, 9)
    expected = PCA(2).fit_transform(unit_rows(vectors))
    monkeypatch.setattr(pca, "ROWS_AT_ONCE", 64)
    components = principal_components(vectors)
    signs = np.sign((components * expected).sum(axis=0))
    np.testing.assert_allclose(components, expected * signs, atol=1e-4)


def test_few_rows_or_dimensions_have_components_too():
    assert principal_components(np.zeros((0, 4), np.float32)).shape == (0, 2)
    assert not principal_components(np.ones((3, 4), np.float32)).round(3).any()
    assert principal_components(np.ones((3, 1), np.float32)).shape == (3, 2)


def test_points_fill_a_square_and_keep_their_shape():
    points = np.array([[1, 5], [3, 6]], np.float32)
    np.testing.assert_allclose(in_square(points), [[-1, -0.5], [1, 0.5]])
    assert not in_square(np.ones((2, 2), np.float32)).any()
    assert in_square(np.empty((0, 2), np.float32)).shape == (0, 2)


def test_the_axes_of_many_vectors_are_those_of_some(monkeypatch):
    """Vectors that vary in two directions have these components, whichever are picked."""
    rng = np.random.default_rng(0)
    places = rng.uniform(-1, 1, (500, 2)) * [0.1, 0.03]
    vectors = np.concatenate([np.ones((500, 1)), places], axis=1).astype(np.float32)
    expected = principal_components(vectors)
    monkeypatch.setattr(pca, "MOST_FITTED", 200)
    some = principal_components(vectors)
    assert some.shape == (500, 2)
    correlation = np.corrcoef(some.T, expected.T)
    assert abs(correlation[0, 2]) > 0.99
    assert abs(correlation[1, 3]) > 0.99
    np.testing.assert_array_equal(some, principal_components(vectors))
