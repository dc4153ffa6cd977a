"""The exact index against its definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundalike.archive.backgrounds import Backgrounds, centered_norms
from soundalike.archive.exact_index import ExactIndex, best_of


@given(seed=st.integers(0, 10_000), n=st.integers(0, 30), k=st.integers(1, 40))
@settings(max_examples=50)
def test_it_returns_the_largest_cosines(seed, n, k):
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-2, 3, (n, 3)).astype(np.float32)  # with zeros and ties
    query = np.array([1.0, 2.0, -1.0], np.float32)
    ids = rng.permutation(100)[:n]
    neighbors = ExactIndex(ids, vectors).nearest(query, k)
    cosines = []
    for row_id, vector in zip(ids, vectors, strict=True):
        norm = np.sqrt(sum(x * x for x in vector))
        cosine = sum(vector * query) / norm / np.sqrt(6) if norm else 0.0
        cosines.append((-cosine, row_id))
    expected = sorted(cosines)[:k]
    np.testing.assert_allclose(neighbors.similarities, [-c for c, _ in expected], atol=1e-6)
    assert len(set(neighbors.ids.tolist())) == min(n, k)
    of_id = {row_id: -cosine for cosine, row_id in cosines}
    np.testing.assert_allclose(neighbors.similarities, [of_id[i] for i in neighbors.ids], atol=1e-6)


@given(seed=st.integers(0, 10_000), n=st.integers(0, 30), k=st.integers(0, 40))
@settings(max_examples=50)
def test_of_equal_rows_those_with_the_lowest_ids_are_returned(seed, n, k):
    rng = np.random.default_rng(seed)
    ids, similarities = rng.permutation(100)[:n], rng.integers(0, 3, n).astype(np.float32)
    expected = sorted(zip(-similarities, ids, strict=True))[:k]
    best = best_of(ids, similarities, k)
    assert list(zip(-best.similarities, best.ids, strict=True)) == expected


def test_vectors_of_any_length_are_compared_by_their_directions():
    vectors = np.random.default_rng(0).standard_normal((8, 4)).astype(np.float32)
    index = ExactIndex(np.arange(8), vectors)
    assert len(index) == 8
    assert index.nearest(2 * vectors[5], 1).ids == [5]
    assert index.similarities(vectors[5])[5] == pytest.approx(1)


def test_backgrounds_are_subtracted():
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((9, 4)).astype(np.float32) + 5
    stretches = np.array([0, 0, 0, 0, -1, -1, 1, 1, 1])
    means = np.stack([vectors[:4].mean(axis=0), vectors[6:].mean(axis=0), vectors.mean(axis=0)])
    ids, spreads = 10 + np.arange(9), np.array([0.5, 2.0, 1.0], np.float32)
    norms = centered_norms(vectors, stretches, means, spreads)
    backgrounds = Backgrounds(ids, stretches, means, spreads, norms)
    query = rng.standard_normal(4).astype(np.float32)
    expected = []
    for vector, stretch in zip(vectors, stretches, strict=True):
        difference = vector - means[stretch]
        length = np.sqrt(sum(difference**2) + spreads[stretch] ** 2)
        expected.append(sum(difference * query) / length / np.linalg.norm(query))
    similarities = ExactIndex(ids, vectors, backgrounds).similarities(query)
    np.testing.assert_allclose(similarities, expected, atol=1e-5)
    some = [1, 5, 8]
    selection = ExactIndex(ids[some], vectors[some], backgrounds)
    np.testing.assert_allclose(selection.similarities(query), similarities[some], atol=1e-5)
    new = ExactIndex(np.array([99]), vectors[4:5], backgrounds)  # it belongs to no stretch yet
    np.testing.assert_allclose(new.similarities(query), similarities[4:5], atol=1e-5)


def test_a_row_that_is_its_background_is_like_nothing():
    """What is left of it is rounding, whose direction means nothing."""
    vectors = np.full((3, 4), 0.1, np.float32)
    vectors[2, 0] = 1
    means = np.full((2, 4), 0.1 * (1 + 1e-6), np.float32)
    stretches, spreads = np.zeros(3, int), np.zeros(2, np.float32)
    norms = centered_norms(vectors, stretches, means, spreads)
    backgrounds = Backgrounds(np.arange(3), stretches, means, spreads, norms)
    similarities = ExactIndex(np.arange(3), vectors, backgrounds).similarities(np.ones(4))
    assert similarities.tolist() == [0, 0, pytest.approx(0.5)]
