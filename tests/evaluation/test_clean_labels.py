"""Wrong labels among made clips are found, counted and mended."""

import numpy as np
import pytest

from soundalike.evaluation import clean_labels as module
from soundalike.evaluation.clean_labels import clean_label_posterior

N_CLASSES, N_EACH, DIM = 4, 25, 12


def unit(values):
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def clips():
    """Vectors of 100 clips of four classes that overlap a little, and their true classes."""
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(N_CLASSES), N_EACH)
    vectors = np.eye(N_CLASSES, DIM)[truth] + 0.25 * rng.standard_normal((len(truth), DIM))
    return unit(vectors), truth


@pytest.fixture(scope="module")
def noisy(clips):
    """Labels of which a quarter are wrong: class 0 is called 1, and others anything."""
    _, truth = clips
    rng = np.random.default_rng(1)
    labels = truth.copy()
    labels[:10] = 1
    wrong = N_EACH + rng.permutation(3 * N_EACH)[:15]
    labels[wrong] = (truth[wrong] + rng.integers(1, N_CLASSES, 15)) % N_CLASSES
    return labels


@pytest.fixture(scope="module")
def clean(clips, noisy):
    return clean_label_posterior(clips[0], noisy)


def test_wrong_labels_are_found_and_mended(clips, noisy, clean):
    _, truth = clips
    is_wrong = noisy != truth
    most_suspicious = np.argsort(-clean.p_wrong)[: is_wrong.sum()]
    assert is_wrong[most_suspicious].mean() > 0.9
    assert (clean.posterior.argmax(axis=1) == truth).mean() > 0.95
    assert clean.posterior.sum(axis=1) + clean.p_outside == pytest.approx(1)
    own = clean.posterior[np.arange(len(truth)), noisy]
    assert clean.p_wrong == pytest.approx(1 - own)


def test_the_share_and_the_kind_of_wrong_labels_are_estimated(clips, noisy, clean):
    is_wrong = noisy != clips[1]
    low, high = clean.interval
    assert clean.noise_rate == pytest.approx(is_wrong.mean(), abs=0.05)
    assert low < is_wrong.mean() < high
    assert clean.counts.shape == clean.noise_matrix.shape == (N_CLASSES + 1, N_CLASSES)
    assert clean.counts.sum() == pytest.approx(len(noisy))
    assert clean.counts[0, 1] == pytest.approx(10, abs=2)
    assert clean.noise_matrix.sum(axis=1) == pytest.approx(1)
    assert clean.noise_matrix[0].argmax() == 0
    assert clean.noise_matrix[0, 1] == pytest.approx(0.4, abs=0.15)


def test_correct_labels_are_left_alone(clips):
    vectors, truth = clips
    clean = clean_label_posterior(vectors, truth)
    assert clean.noise_rate < 0.03
    assert clean.p_wrong.max() < 0.5


def test_clips_of_one_recording_do_not_testify_for_each_other(clips):
    """Five clips of a recording have the same wrong label; they are as good as the same clip."""
    vectors, truth = clips
    vectors, labels = vectors.copy(), truth.copy()
    vectors[:5] = vectors[0]
    labels[:5] = 2
    recordings = np.arange(len(labels))
    recordings[:5] = 0
    apart = clean_label_posterior(vectors, labels, recordings)
    assert apart.p_wrong[:5].min() > 0.9


def test_verified_labels_are_right(clips, noisy):
    vectors, truth = clips
    is_verified = np.zeros(len(truth), dtype=bool)
    is_verified[3] = is_verified[90] = True
    clean = clean_label_posterior(vectors, noisy, is_verified=is_verified)
    assert clean.p_wrong[[3, 90]].tolist() == [0, 0]
    assert clean.posterior[3] == pytest.approx([0, 1, 0, 0])
    everything = clean_label_posterior(vectors, truth, is_verified=np.ones(len(truth), dtype=bool))
    assert everything.noise_rate == 0
    assert not everything.p_wrong.any()


def test_a_class_of_one_clip_is_left_alone(clips):
    vectors, truth = clips
    labels = truth.copy()
    labels[7] = N_CLASSES
    clean = clean_label_posterior(vectors, labels, n_classes=N_CLASSES + 2)
    assert clean.posterior.shape == (len(labels), N_CLASSES + 2)
    assert np.isfinite(clean.p_wrong).all()
    assert clean.p_wrong[truth == labels].max() < 0.5


def test_sounds_outside_the_classes_are_found(clips):
    vectors, truth = clips
    rng = np.random.default_rng(2)
    centers = np.eye(DIM)[[7, 8, 9]].repeat(5, axis=0)
    outside = unit(centers + 0.25 * rng.standard_normal((15, DIM)))
    background = unit(np.eye(DIM)[5:].repeat(8, axis=0) + 0.25 * rng.standard_normal((56, DIM)))
    labels = np.concatenate([truth, np.arange(15) % N_CLASSES])
    is_outside = np.arange(len(labels)) >= len(truth)
    both = np.concatenate([vectors, outside])
    clean = clean_label_posterior(both, labels, background=background)
    assert clean.p_outside[is_outside].mean() > 0.5
    assert clean.p_outside[~is_outside].mean() < 0.1
    assert is_outside[np.argsort(-clean.p_wrong)[:15]].mean() > 0.9


def test_many_clips_are_divided_once(clips, noisy, clean, monkeypatch):
    monkeypatch.setattr(module, "MANY_CLIPS", len(noisy))
    once = clean_label_posterior(clips[0], noisy)
    assert not np.array_equal(once.p_wrong, clean.p_wrong)
    assert once.noise_rate == pytest.approx(clean.noise_rate, abs=0.05)


def test_the_same_seed_gives_the_same_numbers(clips, noisy, clean):
    again = clean_label_posterior(clips[0], noisy)
    assert np.array_equal(again.p_wrong, clean.p_wrong)
