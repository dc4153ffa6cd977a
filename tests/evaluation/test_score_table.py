"""Rows hold the values of the metrics."""

import dataclasses
import json

import numpy as np
import pytest
from scipy import stats

from soundalike.evaluation.intervals import bootstrap_interval
from soundalike.evaluation.metrics import score
from soundalike.evaluation.score_table import ScoreRow, score_table

CLASSES = ["a", "b", "c"]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_one_label_a_clip(rng):
    labels = np.arange(60) % 3
    scores = np.eye(3)[labels] + rng.standard_normal((60, 3))
    (row,) = score_table(labels, {("linear", "x"): scores}, CLASSES)
    assert (row.protocol, row.representation) == ("linear", "x")
    assert row.score == score(labels, scores)
    assert row.interval[0] < row.score < row.interval[1]
    is_correct = scores.argmax(axis=1) == labels
    assert row.accuracy == is_correct.mean()
    assert np.trace(row.confusion) == is_correct.sum()
    assert np.mean(list(row.per_class.values())) == pytest.approx(row.score)
    assert ScoreRow(**json.loads(json.dumps(dataclasses.asdict(row)))) == row


def test_several_labels_a_clip(rng):
    labels = (rng.random((60, 3)) < 0.4).astype(np.float32)
    (row,) = score_table(labels, {("knn", "x"): labels + rng.random((60, 3))}, CLASSES)
    assert row.score == pytest.approx(np.mean(list(row.per_class.values())))
    assert (row.accuracy, row.confusion) == (None, None)


def test_a_class_without_clips_is_not_in_the_row(rng):
    (row,) = score_table(np.array([0, 0, 2]), {("knn", "x"): np.eye(3)}, CLASSES)
    assert list(row.per_class) == ["a", "c"]


def test_the_lead_over_a_baseline_is_paired_by_recording(rng):
    labels, recordings = np.arange(60) % 3, np.arange(60) // 2
    ours, theirs = (np.eye(3)[labels] + rng.standard_normal((60, 3)) for _ in range(2))
    keys = [("linear", "pretrained encoder"), ("linear", "x"), ("knn", "x")]
    scores = dict(zip(keys, (ours, theirs, theirs), strict=True))
    model, baseline, alone = score_table(labels, scores, CLASSES, 3, recordings)

    def difference(labels, ours, theirs):
        return score(labels, ours) - score(labels, theirs)

    assert baseline.lead == model.score - baseline.score
    assert baseline.lead_interval == pytest.approx(
        bootstrap_interval(difference, labels, ours, theirs, seed=3, recordings=recordings)
    )
    differs = (ours.argmax(axis=1) == labels) != (theirs.argmax(axis=1) == labels)
    assert baseline.n_differing == len(set(recordings[differs]))
    assert model.lead is alone.lead is None, "the model itself, and a protocol without it"


def test_a_perfect_score_has_the_exact_interval():
    (row,) = score_table(
        np.arange(24) % 3, {("linear", "x"): np.eye(3)[np.arange(24) % 3]}, CLASSES
    )
    low = stats.binomtest(24, 24).proportion_ci(method="exact").low
    assert row.interval == pytest.approx([low, 1])
