"""Ways to clean labels, and which of them is best."""

import numpy as np
import pytest

from soundalike.evaluation.label_cleaner import (
    N_LABELS_OF_WEIGHT,
    clean_by_all,
    cleaners,
    sharpened,
)

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
    return cleaners(vectors.astype(np.float32), rng.permutation(N) % 5, 3), truth


def test_the_likelihood_of_the_labels_tells_which_way_is_good(ways):
    each, truth = ways
    results = [way.clean(labels_of(truth), np.zeros(N, dtype=bool)) for way in each]
    accuracy = [(result.posterior.argmax(axis=1) == truth).mean() for result in results]
    best = int(np.argmax([result.likelihood for result in results]))
    assert accuracy[best] > 0.9
    assert accuracy[best] >= max(accuracy) - 0.05


def test_a_way_has_the_weight_of_the_likelihood_of_twenty_labels(ways):
    each, truth = ways
    labels, is_verified = labels_of(truth), np.zeros(N, dtype=bool)
    two = [each[0], each[-1]]
    first, second = (way.clean(labels, is_verified) for way in two)
    ratio = np.exp(first.likelihood - second.likelihood) ** N_LABELS_OF_WEIGHT
    share = ratio / (1 + ratio)
    mean = share * first.posterior + (1 - share) * second.posterior
    of_each, weights = clean_by_all(two, labels, is_verified)
    of_all = np.tensordot(weights, of_each, axes=1)
    assert of_all == pytest.approx(mean, abs=1e-4)  # regression starts where it ended before
    assert abs(share - 0.5) > 0.1
    of_each, weights = clean_by_all(each, labels, is_verified)
    assert of_each.shape == (len(each), N, 3)
    assert (np.tensordot(weights, of_each, axes=1).argmax(axis=1) == truth).mean() > 0.9


def test_verified_labels_stay_and_help(ways):
    each, truth = ways
    labels = labels_of(truth, 0.6)  # more are wrong than right
    is_verified = np.arange(N) < 60
    labels[is_verified] = truth[is_verified]
    of_each, weights = clean_by_all(each, labels, is_verified)
    posterior = np.tensordot(weights, of_each, axes=1)
    assert posterior[is_verified] == pytest.approx(np.eye(3)[truth[is_verified]])
    assert (posterior.argmax(axis=1) == truth).mean() > 0.9


def test_a_power_sharpens_the_class_but_not_whether_it_is_one():
    p = np.array([[0.3, 0.1, 0.6], [0.0, 0.0, 1.0], [0.5, 0.5, 0.0]]) + 1e-9
    log_p = np.log(p / p.sum(axis=1, keepdims=True))
    sharp = np.exp(sharpened(log_p, 2, 2.0))
    assert sharp.sum(axis=1) == pytest.approx(1)
    assert sharp[:, 2] == pytest.approx(np.exp(log_p[:, 2]))
    assert sharp[0, 0] / sharp[0, 1] == pytest.approx(9)
    assert sharpened(log_p, 2, 1.0) == pytest.approx(log_p)
