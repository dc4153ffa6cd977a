"""The same classifiers before and after cleaning."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from soundalike.audit.comparison import compare
from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.datasets.splits import Split
from soundalike.downstream.features import Features

CLASSES = ["cat", "dog"]
N_EACH = 30


@pytest.fixture(scope="module")
def material():
    """Clips of two classes, a third of the dogs called cat; the decisions that mend that."""
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], N_EACH)
    vectors = np.eye(2, 16)[truth] * 3 + rng.standard_normal((2 * N_EACH, 16))
    names = np.array(CLASSES, dtype=object)[truth]
    wrong = N_EACH + np.arange(10)
    names[wrong] = "cat"
    paths = [f"/{number}.wav" for number in range(2 * N_EACH)]
    clips = ClipTable("mine", pd.DataFrame({"path": paths, "label": names}))
    store = SimpleNamespace(clips=clips)
    features = Features(
        torch.from_numpy(vectors.astype(np.float32)),
        torch.arange(2 * N_EACH),
        clips.labels(),
        np.arange(2 * N_EACH),
        is_whitened=True,
    )
    fold = rng.permutation(2 * N_EACH) % 3
    nothing = np.zeros(0, dtype=np.int64)
    splits = [
        Split(f"fold {k}", np.flatnonzero(fold != k), nothing, np.flatnonzero(fold == k))
        for k in range(3)
    ]
    rows = clips.rows[["path", "start_s", "end_s", "label"]].assign(
        suggested="dog", p_wrong=0.5, decision="", new_label=""
    )
    return features, store, splits, rows, wrong


def decided(rows, wrong, decision):
    rows = rows.copy()
    rows.loc[wrong, "decision"] = decision
    return rows


def test_cleaning_helps_on_the_clips_left_alone(material):
    features, store, splits, rows, wrong = material
    for decision in ("relabel", "drop"):
        plain, soft = compare(features, store, splits, decided(rows, wrong, decision))
        for each in (plain, soft):
            assert each.n_changed == len(wrong)
            assert each.n_tested == 2 * N_EACH - len(wrong)
            assert each.gain == pytest.approx(each.after - each.before)
            assert each.interval[0] <= each.gain <= each.interval[1]
        assert plain.gain > 0.05
        assert soft.before > plain.before + 0.05, "soft labels tolerate the wrong ones"


def test_what_a_person_confirms_is_taken_for_right(material):
    """All dogs but ten lose their name: the others look like errors, until they are confirmed."""
    features, store, splits, rows, _ = material
    called_cat = N_EACH + np.arange(20)
    names = np.repeat(np.array(CLASSES, dtype=object), N_EACH)
    names[called_cat] = "cat"
    few = ClipTable("mine", store.clips.rows.assign(label=names))
    features = replace(features, labels=few.labels())
    changed = decided(rows.assign(label=names), called_cat[:2], "relabel")
    confirmed = decided(changed, np.arange(N_EACH + 20, 2 * N_EACH), "keep")
    _, before = compare(features, SimpleNamespace(clips=few), splits, changed)
    _, after = compare(features, SimpleNamespace(clips=few), splits, confirmed)
    assert after.after > before.after + 0.05


def test_a_new_class_takes_part(material):
    features, store, splits, rows, wrong = material
    rows = decided(rows, wrong, "relabel")
    rows.loc[wrong[:5], "new_label"] = "cat;bell"
    assert {each.metric for each in compare(features, store, splits, rows)} == {"mAP"}


def test_without_a_change_there_is_nothing_to_compare(material):
    features, store, splits, rows, wrong = material
    with pytest.raises(SourceError, match="no decision changes a label"):
        compare(features, store, splits, decided(rows, wrong, "keep"))
    with pytest.raises(SourceError, match="every clip has a changed label"):
        compare(features, store, splits, rows.assign(decision="drop"))
