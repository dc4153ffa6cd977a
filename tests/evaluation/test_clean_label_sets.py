"""Missing labels and labels too many are found, where clips have several."""

import numpy as np
import pytest

from soundalike.evaluation.clean_label_sets import clean_label_sets

N, DIM, N_CLASSES = 160, 10, 3


@pytest.fixture(scope="module")
def clips():
    """Vectors of clips that have any of three classes, and which they have."""
    rng = np.random.default_rng(0)
    truth = (rng.random((N, N_CLASSES)) < 0.4).astype(np.float32)
    vectors = np.concatenate([1.5 * truth, np.ones((N, 1))], axis=1) @ np.eye(N_CLASSES + 1, DIM)
    vectors += 0.2 * rng.standard_normal((N, DIM))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), truth


@pytest.fixture(scope="module")
def noisy(clips):
    """Labels of which class 0 is missing in 12 clips, and class 1 too many in 8."""
    labels = clips[1].copy()
    labels[np.flatnonzero(labels[:, 0])[:12], 0] = 0
    labels[np.flatnonzero(labels[:, 1] == 0)[:8], 1] = 1
    return labels


def test_missing_labels_and_labels_too_many_are_found(clips, noisy):
    vectors, truth = clips
    sets = clean_label_sets(vectors, noisy)
    is_wrong = noisy != truth
    order = np.argsort(-sets.p_wrong, axis=None)[: is_wrong.sum()]
    assert is_wrong.ravel()[order].mean() > 0.9
    assert sets.n_missing == pytest.approx([12, 0, 0], abs=3)
    assert sets.n_extra == pytest.approx([0, 8, 0], abs=3)
    assert ((sets.posterior > 0.5) == truth).mean() > 0.97
    assert sets.p_any_wrong == pytest.approx(1 - (1 - sets.p_wrong).prod(axis=1))
    low, high = sets.interval
    assert low < is_wrong.any(axis=1).mean() < high
    assert low < sets.noise_rate < high


def test_verified_labels_are_right(clips, noisy):
    vectors, truth = clips
    is_verified = np.arange(N) < 40
    sets = clean_label_sets(vectors, np.where(is_verified[:, None], truth, noisy),
                            is_verified=is_verified)  # fmt: skip
    assert not sets.p_wrong[is_verified].any()
    assert np.array_equal(sets.posterior[is_verified], truth[is_verified])
    everything = clean_label_sets(vectors, truth, is_verified=np.ones(N, dtype=bool))
    assert everything.noise_rate == 0


def test_clips_of_one_recording_share_a_fold(clips, noisy):
    recordings = np.arange(N) // 2
    sets = clean_label_sets(clips[0], noisy, recordings)
    assert sets.p_wrong[(noisy != clips[1])].mean() > 0.6
