"""Self-confidence, held against scikit-learn."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from soundalike.evaluation.folds import stratified_folds
from soundalike.evaluation.self_confidence import N_FOLDS, PRECISIONS, out_of_fold_probabilities


@pytest.fixture(scope="module")
def clips():
    """Vectors, labels and recordings of 90 clips of three classes, some labels wrong."""
    rng = np.random.default_rng(0)
    truth = np.arange(90) % 3
    vectors = (np.eye(3, 6)[truth] + 0.3 * rng.standard_normal((90, 6))).astype(np.float32)
    labels = np.where(np.arange(90) < 15, (truth + 1) % 3, truth)
    return vectors, labels, np.arange(90)


def test_it_is_the_held_out_probability_of_the_label_with_the_best_prior(clips):
    vectors, labels, recordings = clips
    fold = stratified_folds(labels, N_FOLDS, 3, recordings)
    expected = {}
    for precision in PRECISIONS:
        p = np.zeros((90, 3))
        for each in range(N_FOLDS):
            model = LogisticRegression(C=1 / precision, tol=1e-8, max_iter=1000)
            model.fit(vectors[fold != each], labels[fold != each])
            p[fold == each] = model.predict_proba(vectors[fold == each])
        expected[np.log(p[np.arange(90), labels]).sum()] = p
    best = expected[max(expected)]
    p = out_of_fold_probabilities(vectors, labels, recordings, 3, seed=3)
    assert p == pytest.approx(best, abs=0.02)
    own = p[np.arange(90), labels]
    assert own[:15].max() < np.median(own[15:])


def test_clips_of_one_recording_do_not_testify_for_each_other(clips):
    vectors, labels, _ = clips
    p = out_of_fold_probabilities(vectors, labels, labels, 3)  # a recording for each class
    assert p == pytest.approx(np.full((90, 3), 1 / 3)), "nothing can be held out"
