"""The few-shot protocol of the command evaluate."""

import json

import pandas as pd
import pytest

from soundalike.cli import DONE
from soundalike.cli.few_shot import DEFAULT_LABELS, DEFAULT_SEEDS, numbers_of_labels
from soundalike.datasets.source import read_source
from soundalike.downstream.label_efficiency import AMOUNTS, N_SEEDS

FEW_SHOT = ["--protocol", "few-shot"]


@pytest.fixture
def manifest(sound_folder, tmp_path):
    """A table of the sounds in two folds."""
    rows = read_source(sound_folder).rows[["path", "label"]]
    rows.assign(fold=[1, 2] * 12).to_csv(tmp_path / "clips.csv", index=False)
    return tmp_path / "clips.csv"


def test_the_quick_methods_are_compared_by_default(call, run, manifest, tmp_path, capsys):
    out, file = tmp_path / "out", tmp_path / "few.json"
    words = ["evaluate", run.path, manifest, *FEW_SHOT, "--seeds", 2, "--out", out, "--json", file]
    assert call(*words, "--labels", "1,2,all") == DONE
    printed = " ".join(capsys.readouterr().out.split())
    results = json.loads(file.read_text())
    assert results == json.loads((out / "few_shot.json").read_text())
    assert printed.startswith("With 2 labels a class your model names ")
    assert (results["methods"], results["labels"]) == (["linear", "log_mel"], [1, 2, None])
    assert len(pd.read_csv(out / "few_shot.csv")) == 2 * 3 * 2 * 2
    for text in ("all (4)", "2 folds", "2 draws of labels", "--methods all", "few_shot.html"):
        assert text in printed
    assert (out / "few_shot.html").exists()


def test_all_methods(results_of, run, manifest, tmp_path, capsys):
    words = [*FEW_SHOT, "--labels", "2", "--seeds", "1", "--methods", "all", "--seed", "7"]
    quick = ["--training.n_epochs", "2", "--training.gain_db", "0", "--out", tmp_path / "out"]
    results, last = results_of("evaluate", run.path, manifest, *words, *quick)
    assert results["methods"] == ["linear", "finetune", "scratch", "log_mel"]
    assert results["seeds"] == [7]
    assert last.startswith("open ")
    scores = {point["method"]: point["score"] for point in results["points"]}
    assert scores["linear"] > 0.8
    assert scores["finetune"] > 0.8
    assert {"scratch", "log_mel"} == set(results["saving"]["needed"])


def test_the_defaults_are_those_of_the_function():
    assert numbers_of_labels(DEFAULT_LABELS) == list(AMOUNTS)
    assert DEFAULT_SEEDS == N_SEEDS


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--labels", "5"], "--labels is for --protocol few-shot: leave it out."),
        (["--protocol", "knn", "--seeds", "5"], "--seeds is for --protocol few-shot: leave it out"),
        (["--protocol", "finetune", "--methods", "all"], "--methods is for --protocol few-shot"),
        ([*FEW_SHOT, "--labels", "0"], "'0': expected a whole number from 1"),
        ([*FEW_SHOT, "--labels", "1,,2"], "'': expected a whole number from 1"),
        ([*FEW_SHOT, "--labels", "few"], "'few': expected a whole number from 1"),
        ([*FEW_SHOT, "--seeds", "0"], "'0': expected a whole number from 1"),
        ([*FEW_SHOT, "--methods", "lineal"], "'lineal': did you mean 'linear'?"),
        ([*FEW_SHOT, "--methods", "x"], "'x': expected linear, finetune, scratch, log_mel or all"),
        (
            [*FEW_SHOT, "--methods", "scratch,log_mel"],
            "--methods scratch,log_mel: none of them uses the model: add linear or finetune.",
        ),
        (
            [*FEW_SHOT, "--optimizer.lr", "1"],
            "--optimizer.lr: recipe keys are for trainings: add finetune or scratch to --methods.",
        ),
        (
            [*FEW_SHOT, "--methods", "finetune", "--training.seed", "1"],
            "--training.seed: use --seed",
        ),
    ],
)  # fmt: skip
def test_wrong_use(refusal, words, message):
    assert message in refusal("evaluate", "x", "y", *words)


def test_clips_with_several_labels_are_refused(refusal, run, sound_folder, tmp_path):
    rows = read_source(sound_folder).rows[["path", "label"]]
    rows.loc[0, "label"] = "low;high"
    rows.to_csv(tmp_path / "clips.csv", index=False)
    message = refusal("evaluate", run.path, tmp_path / "clips.csv", *FEW_SHOT)
    assert message.endswith(
        "clips: clips have several labels, and few-shot needs one for each: choose another "
        "--protocol."
    )
