"""A few-shot evaluation from a model and a source to its files."""

import dataclasses
import json
from pathlib import Path

import pandas as pd
import pytest
from kills import assert_whole, kills

from soundalike.datasets.clips import SourceError
from soundalike.datasets.prepare import prepare
from soundalike.datasets.source import read_source
from soundalike.downstream.label_efficiency import label_efficiency


@pytest.fixture(scope="module")
def results(run, store, tmp_path_factory):
    out = tmp_path_factory.mktemp("few") / "out"
    return label_efficiency(
        run.path, str(store.path), out=out, amounts=[1, 3, 20, None], n_seeds=2, progress=False
    )


def test_the_files_hold_the_result(results):
    out = Path(results.out)
    saved = json.loads((out / "few_shot.json").read_text())
    assert saved == dataclasses.asdict(results)
    table = pd.read_csv(out / "few_shot.csv")
    assert list(table.columns) == [
        "method", "labels", "seed", "fold", "n_train", "n_test", "n_right", "accuracy",
    ]  # fmt: skip
    assert len(table) == 2 * 3 * 2 * 5
    for point in results.points:
        name = "all" if point.labels is None else str(point.labels)
        own = table[(table["method"] == point.method) & (table["labels"] == name)]
        assert point.score == pytest.approx(own["n_right"].sum() / own["n_test"].sum())


def test_the_result_says_what_was_done(results):
    assert results.labels == [1, 3, None]
    assert results.seeds == [0, 1]
    assert results.methods == ["linear", "log_mel"]
    assert results.n_test_clips == 24
    assert results.pretrained_on_test_clips is True
    assert results.saving.sentence.startswith("With 3 labels a class your model names ")
    assert "no class has more training clips than 20: this is the same as all" in results.notes
    assert results.points[2].score > 0.8, "three tones are easily distinguished"


def test_clips_with_several_labels_are_refused_before_anything_is_prepared(
    run, sound_folder, tmp_path
):
    rows = read_source(sound_folder).rows[["path", "label"]]
    rows.loc[0, "label"] = "low;high"
    rows.to_csv(tmp_path / "clips.csv", index=False)
    with pytest.raises(SourceError, match="several labels, and few-shot needs one for each"):
        label_efficiency(run.path, str(tmp_path / "clips.csv"), out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


FEW_SHOT = """
from soundalike.downstream.label_efficiency import label_efficiency
from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.recipes.recipe import read_recipe

QUICK = {"training.n_epochs": 1, "training.batch_size": 10, "training.precision": "32-true"}

def work(folder):
    model, source, methods = arguments
    recipe = read_recipe("few_labels", SUPERVISED, QUICK)
    label_efficiency(
        model, source, methods.split(","), folder, amounts=[1], n_seeds=1, recipe=recipe,
        progress=False,
    )
"""


@kills("few_shot.csv")
def test_an_evaluation_resumes_after_a_kill_at_any_moment(
    names, cut, run, sound_folder, kill_everywhere, tmp_path
):
    rows = read_source(sound_folder).rows[["path", "label"]]
    rows.assign(split=["train", "train", "test"] * 8).to_csv(tmp_path / "clips.csv", index=False)
    prepare(read_source(tmp_path / "clips.csv"), tmp_path / "store", n_workers=1, progress=False)
    methods = "linear" if names else "linear,finetune"
    words = run.path, tmp_path / "store", methods
    moments = kill_everywhere(FEW_SHOT, *words, names=names, cut=cut)
    expected = assert_whole(moments, mark="few_shot.json")
    assert "few_shot.csv" in expected
    assert len([name for name in expected if name.startswith("few_shot/")]) == len(
        methods.split(",")
    ), "of a training, only its answers stay"
