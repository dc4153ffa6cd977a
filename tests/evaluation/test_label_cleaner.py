"""Ways to clean labels, and which of them is best."""

import numpy as np
import pytest

from soundalike.evaluation.label_cleaner import N_ROUNDS, cleaners

N, DIM = 120, 10


def labels_of(truth, share=0.4):
    """Return labels of which a share are of the next class."""
    rng = np.random.default_rng(1)
    wrong = rng.permutation(N)[: round(share * N)]
    labels = truth.copy()
    labels[wrong] = (truth[wrong] + 1) % 3
    return labels


@pytest.fixture(scope="module")
def ways():
    """The ways to clean labels of clusters, with their true classes."""
    rng = np.random.default_rng(0)
    truth = np.arange(N) % 3
    vectors = np.eye(3, DIM)[truth] + 0.15 * rng.standard_normal((N, DIM))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return list(cleaners(vectors.astype(np.float32), rng.permutation(N) % 5, 3)), truth


def test_the_likelihood_of_the_labels_tells_which_way_is_good(ways):
    each, truth = ways
    labels = labels_of(truth)
    results = [way.clean(labels, np.zeros(N, dtype=bool), N_ROUNDS) for way in each]
    accuracy = [(result.posterior.argmax(axis=1) == truth).mean() for result in results]
    best = int(np.argmax([result.likelihood for result in results]))
    assert accuracy[best] > 0.9
    assert accuracy[best] >= max(accuracy) - 0.05
    counts = np.zeros((3, 3))
    np.add.at(counts, (truth, labels), 1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    assert results[best].matrix == pytest.approx(shares, abs=0.15)


def test_verified_labels_stay_and_help(ways):
    each, truth = ways
    labels = labels_of(truth, 0.6)  # more are wrong than right
    is_verified = np.arange(N) < 60
    labels[is_verified] = truth[is_verified]
    result = each[0].clean(labels, is_verified, N_ROUNDS)
    assert np.array_equal(result.posterior[is_verified], np.eye(3)[truth[is_verified]])
    assert (result.posterior.argmax(axis=1) == truth).mean() > 0.9
