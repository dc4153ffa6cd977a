"""The nearest clips of other recordings, held against the plain definition."""

import numpy as np
import pytest
from hypothesis import given, strategies

from soundalike.evaluation import nearest_clips as module
from soundalike.evaluation.nearest_clips import nearest_clips


def plain(vectors, recordings, k):
    """Compare all pairs of clips, one after the other."""
    result = []
    for clip, vector in enumerate(vectors):
        others = [n for n in range(len(vectors)) if recordings[n] != recordings[clip]]
        similarity = {n: float(vectors[n] @ vector) for n in others}
        result.append(sorted(others, key=lambda n: -similarity[n])[:k])
    return result


@given(
    strategies.integers(2, 12), strategies.integers(1, 5), strategies.integers(1, 4),
    strategies.integers(0, 1000), strategies.sampled_from([1, 2**24]),
)  # fmt: skip
def test_neighbors_are_the_nearest_of_other_recordings(n, k, n_recordings, seed, at_once):
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n, 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    recordings = rng.integers(n_recordings, size=n)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SIMILARITIES_AT_ONCE", at_once)
        positions, similarities = nearest_clips(vectors, recordings, k)
    assert positions.shape == similarities.shape == (n, min(k, n - 1))
    for clip, neighbors in enumerate(plain(vectors, recordings, min(k, n - 1))):
        found = positions[clip][positions[clip] >= 0]
        assert found.tolist() == neighbors
        expected = vectors[neighbors] @ vectors[clip] if neighbors else []
        assert similarities[clip][: len(found)] == pytest.approx(expected, abs=1e-5)
        assert not similarities[clip][len(found) :].any()


@pytest.mark.parametrize("n", [0, 1])
def test_one_clip_has_no_neighbors(n):
    positions, similarities = nearest_clips(np.ones((n, 2), np.float32), np.zeros(n, int), 3)
    assert positions.shape == similarities.shape == (n, 0)
