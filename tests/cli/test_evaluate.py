"""The command evaluate and its table."""

import importlib
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from soundalike.cli import DONE, WRONG_USE
from soundalike.cli.evaluate import print_evaluation
from soundalike.downstream.evaluation_result import EvaluationResult
from soundalike.downstream.verdict import Verdict
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.score_table import ScoreRow
from soundalike.pretrained import SHIPPED_MODELS

pytestmark = pytest.mark.usefixtures("few_resamples")
QUICK = [
    "--training.n_epochs", "3", "--training.batch_size", "10", "--schedule.milestones", "[2]",
    "--training.precision=32-true",
]  # fmt: skip


@pytest.fixture(scope="module")
def labeled(sound_folder, tmp_path_factory):
    """Write a table of the sounds with these labels, in two folds or in splits; return its path."""

    def write(label_of=lambda path: path.parent.name, **columns):
        rows = []
        for number, path in enumerate(sorted(sound_folder.rglob("*.wav"))):
            others = {name: values[number % len(values)] for name, values in columns.items()}
            rows.append({"path": path, "label": label_of(path), **others})
        manifest = tmp_path_factory.mktemp("tables") / "clips.csv"
        pd.DataFrame(rows).to_csv(manifest, index=False)
        return manifest

    return write


def test_linear_evaluation_scores_two_baselines(results_of, run, store, tmp_path):
    words = ["evaluate", run.path, store.path, "--protocol", "linear", "--out", tmp_path / "out"]
    results, _ = results_of(*words)
    assert [row["protocol"] for row in results["rows"]] == ["linear"] * 3
    assert results["n_test_clips"] == 24
    assert results["verdict"]["sentence"].startswith("Your model names ")
    assert (tmp_path / "out" / "evaluate.html").exists()


def test_a_reader_visits_forty_functions_from_the_command_to_the_table(
    call, run, store, tmp_path, functions_called
):
    """Of the rooms that evaluate; those that load, embed and save are entered by one call each."""
    importlib.import_module("soundalike.downstream.evaluate")  # whose class bodies are no calls
    words = ["evaluate", run.path, store.path, "--protocol", "linear", "--out", tmp_path / "out"]
    calls = functions_called(lambda: call(*words), start="cli/evaluate.py:run")
    rooms = ("cli/", "downstream/", "evaluation/")
    to_the_table = calls[: calls.index("cli/evaluate.py:print_evaluation") + 1]  # then the page
    of_evaluation = [function for function in to_the_table if function.startswith(rooms)]
    assert len(of_evaluation) <= 40, "\n".join(of_evaluation)
    assert "evaluation/score_table.py:score_table" in of_evaluation


def test_the_default_model_is_used_if_none_is_named(call, sound_folder, run, tmp_path, monkeypatch):
    monkeypatch.setitem(SHIPPED_MODELS, "default", run.encoder)
    monkeypatch.chdir(tmp_path)
    assert call("evaluate", sound_folder, "--protocol", "knn") == DONE
    results = json.loads(Path("evaluation", sound_folder.name, "results.json").read_text())
    assert results["model"] == "default"


def test_the_command_that_names_other_sounds_follows_an_evaluation_with_a_classifier(
    call, run, store, tmp_path, capsys
):
    out = tmp_path / "an evaluation"
    words = ["evaluate", run.path, store.path, "--out", out, "--protocol"]
    assert call(*words, "knn") == DONE
    assert "soundalike classify" not in capsys.readouterr().out
    assert call(*words, "linear") == DONE
    assert f"soundalike classify '{out}' SOUNDS --out names.csv" in capsys.readouterr().out


def test_fine_tuning_is_compared_with_from_scratch(
    results_of, call, run, sound_folder, labeled, tmp_path, capsys
):
    out = tmp_path / "tuned"
    manifest = labeled(fold=(1, 2))
    words = ["evaluate", run.path, manifest, "--protocol", "finetune", "--out", out, *QUICK]
    results, _ = results_of(*words)
    assert [row["representation"] for row in results["rows"]] == [
        "from scratch",
        "pretrained encoder",
    ]
    predictions = pd.read_csv(out / "predictions.csv")
    assert {"finetune, from scratch", "finetune, pretrained encoder"} <= set(predictions)
    assert (predictions["path"].value_counts() == 1).all()
    assert len(predictions) == 24
    csv = tmp_path / "classes.csv"
    assert results_of("classify", out, sound_folder, "--out", csv)[0]["n_clips"] == 24
    modified = (out / "finetune" / "metrics.csv").stat().st_mtime_ns
    assert results_of(*words)[0] == results, "a finished training is not repeated"
    assert SoundEncoder.from_pretrained(out / "finetune").dim == 32
    other = SoundEncoder.from_pretrained(run.path)
    next(other.encoder.parameters()).data += 1e-3
    other.save(tmp_path / "other")
    words[1] = tmp_path / "other"
    assert call(*words) == WRONG_USE, "the runs in the folder are of another model"
    assert "holds a run with another configuration (model is" in capsys.readouterr().err
    assert (out / "finetune" / "metrics.csv").stat().st_mtime_ns >= modified


def test_few_labels_fine_tunes_only_the_pretrained_encoder(results_of, run, labeled, tmp_path):
    # Without random gain: after so few steps an encoder is not robust to levels.
    words = ["--protocol", "finetune", "--recipe", "few_labels", "--training.gain_db", "0"]
    manifest = labeled(split=("train", "test"))
    results, _ = results_of("evaluate", run.path, manifest, *words, "--out", tmp_path / "tuned")
    (row,) = results["rows"]
    assert row["representation"] == "pretrained encoder"
    assert row["score"] > 0.9


@pytest.mark.parametrize("protocol", ["linear", "finetune"])
def test_a_loss_that_tolerates_wrong_labels_trains_either_kind_of_classifier(
    results_of, run, labeled, sound_folder, tmp_path, protocol
):
    out = tmp_path / "out"
    words = ["--protocol", protocol, "--loss.name", "elr", "--loss.strength", "1", "--out", out]
    quick = QUICK if protocol == "finetune" else []
    manifest = labeled(split=("train", "test"))
    results, _ = results_of("evaluate", run.path, manifest, *words, *quick)
    assert {row["protocol"] for row in results["rows"]} == {protocol}
    says_so = any("trained with the loss elr" in note for note in results["notes"])
    assert says_so == (protocol == "linear")
    named, _ = results_of("classify", out, sound_folder, "--out", tmp_path / "names.csv")
    assert named["n_clips"] == 24


def test_soft_labels_train_a_classifier_that_can_be_used(
    results_of, run, labeled, sound_folder, tmp_path
):
    out = tmp_path / "out"
    words = ["--protocol", "linear", "--soft_labels", "--out", out]
    results, _ = results_of("evaluate", run.path, labeled(split=("train", "test")), *words)
    assert "linear classifiers are fitted to soft labels" in results["notes"]
    named, _ = results_of("classify", out, sound_folder, "--out", tmp_path / "names.csv")
    assert named["n_clips"] == 24


def test_the_clean_task_trains_only_on_validation(results_of, run, labeled, tmp_path):
    """All labels of train are wrong, which does not affect the clean task."""
    manifest = labeled(
        lambda path: "low" if int(path.stem) % 4 == 0 else path.parent.name,
        split=("train", "validation", "validation", "test"),
    )
    words = ["evaluate", run.path, manifest, "--protocol", "linear"]
    clean, _ = results_of(*words, "--task", "clean", "--out", tmp_path / "clean")
    noisy, _ = results_of(*words, "--out", tmp_path / "noisy")
    score = {row["representation"]: row["score"] for row in clean["rows"]}
    assert score["log-mel statistics"] > 0.8
    assert all(row["score"] == pytest.approx(1 / 3) for row in noisy["rows"])


def test_clips_with_several_labels_are_scored_by_map(results_of, run, labeled, tmp_path):
    """Training uses binary cross entropy, and scores are mAP."""

    def label_of(path):
        return f"{path.parent.name};long" if int(path.stem) >= 4 else path.parent.name

    manifest = labeled(label_of, fold=(0, 1, 2))
    report, _ = results_of("scan", manifest)
    assert report["labels"] == {"long": 12, "high": 8, "low": 8, "middle": 8}

    out = tmp_path / "out"
    results, _ = results_of("evaluate", run.path, manifest, "--out", out)
    assert results["metric"] == "mAP"
    best = max(row["score"] for row in results["rows"])
    assert best > 0.8
    manifest = labeled(label_of, split=("train", "validation", "test"))
    words = ["evaluate", run.path, manifest, "--protocol", "finetune", "--out", tmp_path / "tuned"]
    tuned, _ = results_of(*words, *QUICK)
    assert tuned["metric"] == "mAP"
    assert all(0 < row["score"] <= 1 for row in tuned["rows"])

    csv = tmp_path / "classes.csv"
    results_of("classify", out / "linear", manifest, "--out", csv, "--threshold", 0.5)
    classes = {name for names in pd.read_csv(csv)["class"] for name in names.split(";")}
    assert {"high", "low", "middle"} <= classes <= {"high", "low", "middle", "long", "unsure"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--seed=-1"], "'-1': expected a whole number from 0"),
        (["--protocol", "magic"], "invalid choice: 'magic'"),
        (["--task", "dirty"], "invalid choice: 'dirty'"),
        (["--optimizer.lr", "1"], "--optimizer.lr: recipe keys require --protocol finetune"),
        (
            ["--loss.name", "elr"],
            "--loss.name: a loss requires --protocol linear, finetune or few-shot",
        ),
        (["--protocol", "knn", "--loss.name", "elr"], "--loss.name: a loss requires"),
        (
            ["--protocol", "linear", "--loss.name", "lq", "--optimizer.lr", "1"],
            "--optimizer.lr: recipe keys require --protocol finetune",
        ),
        (["--protocol", "linear", "--loss.name", "elf"], "did you mean 'elr'"),
        (
            ["--seed", "99999999999999999999"],
            "argument --seed: '99999999999999999999': expected at",
        ),
        (["--soft_labels"], "--soft_labels requires --protocol linear"),
        (["--soft_labels", "--protocol", "linear", "--loss.name", "lq"], "without a loss"),
        (["--protocol", "finetune", "--encoder.width=8"], "--encoder.width: fixed by the loaded"),
        (["--protocol", "finetune", "--training.seed=8"], "--training.seed: use --seed"),
        (
            ["--recipe", "tiny"],
            "tiny is a pretraining recipe, not a supervised recipe: choose",
        ),
    ],
)
def test_wrong_use(refusal, words, message):
    assert message in refusal("evaluate", "x", "y", *words)


def test_folds_of_any_names_have_a_folder_each(call, run, labeled, tmp_path):
    out, manifest = tmp_path / "deep" / "out", labeled(fold=("a b", "a-b", "/../../../x"))
    words = ["evaluate", run.path, manifest, "--protocol", "finetune", "--out", out, *QUICK]
    assert call(*words) == DONE
    folds = ("a%20b", "a-b", "%2F..%2F..%2F..%2Fx")
    starts = ("from-scratch", "pretrained-encoder")
    assert {path.name for path in (out / "rounds").iterdir()} == {
        f"{start}-fold-{fold}" for start in starts for fold in folds
    }
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]


def result_of(rows, metric="balanced accuracy", included=False):
    return EvaluationResult(
        verdict=Verdict("Your model is good.", "linear", 0.9, [0.8, 1.0], {}),
        model="runs/mine",
        source="birds/[abc]*.wav",
        task="noisy",
        splits=["test"],
        classes=["a", "b"],
        n_test_clips=300,
        pretrained_on_test_clips=included,
        seed=0,
        out="runs/[mine]/evaluation",
        store="runs/mine/store",
        metric=metric,
        rows=rows,
        notes=["no training clips in some round: [owl]"],
    )


@pytest.mark.parametrize("included", [True, False])
def test_the_table_has_a_row_for_every_representation(capsys, included):
    per_class = {"a": 1.0, "b": 0.4}
    row = ScoreRow("linear", "pretrained encoder", 0.71234, [0.65, 0.77], per_class, accuracy=0.7)
    print_evaluation(result_of([row, replace(row, protocol="knn", score=0.5)], included=included))
    text = capsys.readouterr().out
    assert "0.712" in text
    assert "(0.650-0.770)" in text
    assert text.startswith("Your model is good.")
    assert text.count("linear classifier") == text.count("nearest neighbors") == 1
    assert "Note: no training clips in some round: [owl]" in text
    assert "predictions per clip: runs/[mine]/evaluation" in text
    assert "runs/mine on birds/[abc]*.wav: 300 test clips" in " ".join(text.split())
    assert ("Pre-training included the test clips" in text) is included


def test_the_table_for_several_labels_has_no_accuracy(capsys):
    row = ScoreRow("knn", "pretrained encoder", 0.4, [0.3, 0.5], {"a": 1.0})
    print_evaluation(result_of([row], metric="mAP"))
    text = capsys.readouterr().out
    assert "mAP" in text
    assert "accuracy" not in text


def test_a_recipe_is_refused_before_clips_are_read(refusal, sound_folder, tmp_path):
    words = ["evaluate", "default", sound_folder, "--protocol", "finetune", "--out", tmp_path / "x"]
    assert "learning rate" in refusal(*words, "--optimizer.lr", "-1")
    assert "factor from 0 to 1" in refusal(*words, "--schedule.factor", "2")
    assert not (tmp_path / "x").exists()
