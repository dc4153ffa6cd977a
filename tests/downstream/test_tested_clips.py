"""The store and the splits of a run; ``test_evaluate.py`` runs whole evaluations with them."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.prepare import prepare
from soundalike.downstream import tested_clips
from soundalike.downstream.tested_clips import clips_to_test, results_folder


@pytest.fixture(scope="module")
def folded(store, tmp_path_factory):
    """A folder of a run whose store has three folds and two clips without a label."""
    rows = store.clips.rows.assign(fold=np.resize(["a", "b", "c"], 24))
    rows.loc[[4, 5], "label"] = ""
    folder = tmp_path_factory.mktemp("run")
    prepare(ClipTable("x", rows), folder / "store", n_workers=1, progress=False)
    return folder, ClipTable("x", rows)


def test_only_the_fold_that_a_run_left_out_is_tested(folded, store, tmp_path, monkeypatch):
    folder, clips = folded
    model = SimpleNamespace(front_end=store.front_end)
    for config, names in (
        ({}, ["fold a", "fold b", "fold c"]),
        ({"clips": clips.fingerprint(), "test_fold": "b"}, ["fold b"]),
        ({"clips": "others", "test_fold": "b"}, ["fold a", "fold b", "fold c"]),
    ):
        monkeypatch.setattr(tested_clips, "read_run_config", lambda folder, c=config: c)
        tested, splits, n_unlabeled = clips_to_test(folder, "x", clips, model, tmp_path)
        assert [split.name for split in splits] == names
        assert (tested.path, len(tested.clips), n_unlabeled) == (folder / "store", 22, 2)


def test_labels_that_were_verified_since_are_verified_in_the_own_store_of_a_run(
    folded, store, tmp_path, monkeypatch
):
    folder, clips = folded
    monkeypatch.setattr(tested_clips, "read_run_config", lambda folder: {})
    is_verified = np.arange(24) % 3 == 0
    verified = ClipTable("x", clips.rows.assign(manually_verified=is_verified))
    model = SimpleNamespace(front_end=store.front_end)
    tested, _, _ = clips_to_test(folder, "x", verified, model, tmp_path)
    assert tested.path == folder / "store"
    assert tested.clips.labels().is_verified.tolist() == np.delete(is_verified, [4, 5]).tolist()


def test_results_are_in_the_run_or_for_a_shipped_model_in_the_working_folder(folded):
    _, clips = folded
    assert results_folder(Path("runs/mine"), clips, "noisy") == Path("runs/mine/evaluation/x")
    assert results_folder(None, clips, "clean") == Path("evaluation/x-clean")
    data_set = ClipTable("synthetic:small", clips.rows)
    assert results_folder(None, data_set, "noisy") == Path("evaluation/synthetic-small")
