"""The store and the splits of a run; ``test_evaluate.py`` runs whole evaluations with them."""

import dataclasses

import numpy as np
import pytest

from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.downstream.tested_clips import tested_splits


@pytest.fixture
def folded(store):
    rows = store.clips.rows.assign(fold=np.resize(["a", "b", "c"], 24))
    return dataclasses.replace(store, clips=ClipTable("x", rows))


def test_only_the_fold_that_a_run_left_out_is_tested(folded):
    config = {"clips": folded.fingerprint, "test_fold": "b"}
    (split,) = tested_splits(config, folded, "noisy", seed=0)
    assert split.name == "fold b"
    assert len(tested_splits({}, folded, "noisy", seed=0)) == 3
    assert len(tested_splits(config | {"clips": "others"}, folded, "noisy", seed=0)) == 3


def test_a_fold_without_labels_cannot_be_tested(folded):
    config = {"clips": folded.fingerprint, "test_fold": "d"}
    with pytest.raises(SourceError, match="left out fold 'd', which has no labeled clip"):
        tested_splits(config, folded, "noisy", seed=0)
