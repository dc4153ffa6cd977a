"""From vectors, labels and decisions to probabilities and suggestions."""

import numpy as np
import pandas as pd
import pytest

from soundalike.audit.judgment import judge
from soundalike.downstream.clip_vectors import ClipVectors

CLASSES = ["cat", "dog", "rain"]
N_EACH = 14


@pytest.fixture(scope="module")
def vectors():
    """Three well separated classes of clips, N_EACH clips each."""
    rng = np.random.default_rng(0)
    centers = np.eye(3, 8).repeat(N_EACH, axis=0)
    values = centers + 0.1 * rng.standard_normal(centers.shape)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    return ClipVectors(values.astype(np.float32), None)


def table(labels, decisions=None, new_labels=None):
    n = len(labels)
    return pd.DataFrame(
        {
            "path": [f"/{number}.wav" for number in range(n)],
            "start_s": np.nan,
            "end_s": np.nan,
            "label": labels,
            "suggested": "",
            "p_wrong": 0.0,
            "decision": decisions or [""] * n,
            "new_label": new_labels or [""] * n,
        }
    )


def judged(vectors, rows):
    return judge(vectors, rows, np.arange(len(rows)))


def right_labels():
    return np.repeat(CLASSES, N_EACH).astype(object)


def test_wrong_labels_are_found_and_the_right_ones_suggested(vectors):
    labels = right_labels()
    labels[[2, 20]] = "rain", "cat"
    judgment = judged(vectors, table(labels))
    assert set(np.argsort(-judgment.p_wrong)[:2]) == {2, 20}
    assert judgment.p_wrong[[2, 20]].min() > 0.9
    assert [judgment.suggested[each] for each in (2, 20)] == ["cat", "dog"]
    assert judgment.suggested[0] in ("dog", "rain"), "of a right label, another one"
    assert judgment.interval[0] <= judgment.n_wrong <= judgment.interval[1]
    assert judgment.noise_counts.shape == (4, 3)
    assert judgment.noise_counts.sum() == pytest.approx(len(labels))


def test_what_a_person_has_decided_is_right(vectors):
    labels = right_labels()
    labels[[2, 20]] = "rain", "cat"
    decisions, new_labels = [""] * len(labels), [""] * len(labels)
    decisions[2], decisions[5], decisions[20] = "keep", "drop", "relabel"
    new_labels[20] = "bell"
    judgment = judged(vectors, table(labels, decisions, new_labels))
    assert judgment.classes == ["bell", *CLASSES]
    assert judgment.p_wrong[[2, 5, 20]].tolist() == [0, 1, 1]
    assert judgment.n_wrong >= 2


def test_several_labels_of_a_clip_are_judged_one_by_one(vectors):
    labels = right_labels()
    labels[:4] = "cat;dog"  # dog is too many
    labels[N_EACH] = "cat;dog"
    labels[2 * N_EACH] = "dog"  # rain is missing, dog too many
    judgment = judged(vectors, table(labels))
    assert judgment.noise_counts.size == 0
    assert judgment.p_wrong[2 * N_EACH] > 0.9
    assert judgment.suggested[2 * N_EACH] == "rain"
    assert judgment.p_wrong[N_EACH + 1 :][: N_EACH - 1].max() < 0.5
