"""Evaluating a run: results, test clips and messages."""

import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile
from kills import assert_whole, kills

from soundalike.audio.standardization import Standardization
from soundalike.datasets.clips import SourceError
from soundalike.datasets.prepare import prepare
from soundalike.datasets.source import read_source
from soundalike.downstream import evaluate as evaluation
from soundalike.downstream import representations
from soundalike.downstream.evaluate import evaluate
from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.embedding.model_path import ModelError
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.recipes.recipe import read_recipe
from soundalike.runtime import lock
from soundalike.runtime.lock import InUseError
from soundalike.training.pretraining import pretrain
from soundalike.training.run_folder import RunError, RunFolder

pytestmark = pytest.mark.usefixtures("few_resamples")


@pytest.fixture(scope="module")
def folded(sound_folder, tmp_path_factory):
    """A manifest with three folds."""
    root = tmp_path_factory.mktemp("folded")
    clips = read_source(sound_folder).rows[["path", "label"]]
    clips.assign(fold=[str(number % 3) for number in range(24)]).to_csv(
        root / "clips.csv", index=False
    )
    return root / "clips.csv"


def run_on(source, recipe, path, test_fold=None):
    run = RunFolder(path)
    store = prepare(read_source(source), run.store, n_workers=1, progress=False)
    run.configure(source=str(source), clips=store.fingerprint, test_fold=test_fold, recipe=recipe)
    pretrain(store, run, recipe, test_fold=test_fold, progress=False)
    return run


@pytest.fixture(scope="module")
def folded_run(folded, tiny_recipe, tmp_path_factory):
    """A run on all clips of the manifest."""
    return run_on(folded, tiny_recipe, tmp_path_factory.mktemp("runs") / "run")


def test_results_are_written_into_the_run_folder(folded, folded_run):
    run = folded_run
    result = evaluate(run.path, str(folded), ["linear"], progress=False)
    saved = json.loads((run.path / "evaluation" / "clips" / "results.json").read_text())
    assert saved == dataclasses.asdict(result)
    assert result.splits == ["fold 0", "fold 1", "fold 2"]
    assert result.n_test_clips == 24
    assert result.pretrained_on_test_clips is True
    predictions = pd.read_csv(run.path / "evaluation" / "clips" / "predictions.csv")
    right = predictions["linear, pretrained encoder"] == predictions["label"]
    assert result.metric == "balanced accuracy"
    (row,) = (row for row in result.rows if row.representation == "pretrained encoder")
    assert row.accuracy == pytest.approx(right.mean())
    assert not (run.path / "evaluation" / "clips" / "store").exists()  # the run's own was at hand


def test_segments_of_a_recording_are_scored_as_one(run, tmp_path):
    """Random labels of recordings with several segments each: nothing to learn, a wide interval."""
    rng = np.random.default_rng(0)
    rows = []
    for recording in range(12):
        soundfile.write(tmp_path / f"{recording}.wav", 0.1 * rng.standard_normal(6 * 8000), 8000)
        label = "abc"[recording % 3]
        rows += [(f"{recording}.wav", label, 1.5 * i, 1.5 * i + 1.5) for i in range(4)]
    columns = ["path", "label", "start_s", "end_s"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "clips.csv", index=False)
    result = evaluate(
        run.path, str(tmp_path / "clips.csv"), ["knn"], tmp_path / "out", progress=False
    )
    predictions = pd.read_csv(tmp_path / "out" / "predictions.csv")
    assert sorted(zip(predictions["path"], predictions["start_s"], strict=True)) == sorted(
        (str(tmp_path / path), start_s) for path, _, start_s, _ in rows
    )
    for row in result.rows:
        low, high = row.interval
        assert row.score < 0.7
        assert high - low > 0.2


def test_a_score_of_one_class_is_refused_before_anything_is_embedded(run, sound_folder, tmp_path):
    rows = read_source(sound_folder).rows[["path"]].assign(label="dog")
    rows.to_csv(tmp_path / "clips.csv", index=False)
    with pytest.raises(SourceError, match="only 'dog' among 24 test clips"):
        evaluate(run.path, str(tmp_path / "clips.csv"), ["knn"], tmp_path / "out", progress=False)


def test_a_class_that_nothing_trains_is_noted(run, sound_folder, tmp_path):
    rows = read_source(sound_folder).rows[["path", "label"]]
    rows["split"] = ["train", "test"] * 12
    rows.loc[1, "label"] = "owl"
    rows.to_csv(tmp_path / "clips.csv", index=False)
    result = evaluate(
        run.path, str(tmp_path / "clips.csv"), ["knn"], tmp_path / "out", progress=False
    )
    short, untrained = result.notes
    assert short.endswith(": far too short to learn anything")
    assert untrained == "no training clips in some round: owl; their test clips count as errors"


def test_clips_seen_in_pretraining_are_recognized_by_their_audio(folded, folded_run, tmp_path):
    """Another table of the same sounds, one of them under another name."""
    rows = pd.read_csv(folded)
    rows["path"] = [folded.parent / path for path in rows["path"]]
    shutil.copy(rows["path"][0], tmp_path / "copy.wav")
    table = tmp_path / "some.csv"
    copy = rows[:1].assign(path="copy.wav")
    pd.concat([copy, rows[1:]]).to_csv(table, index=False)
    result = evaluate(folded_run.path, str(table), ["knn"], progress=False)
    assert result.pretrained_on_test_clips is True


def test_a_run_with_a_test_fold_is_tested_on_that_fold(folded, tiny_recipe, tmp_path):
    run = run_on(folded, tiny_recipe, tmp_path / "run", test_fold="1")
    result = evaluate(run.path, str(folded), ["knn"], progress=False)
    assert result.splits == ["fold 1"]
    assert result.n_test_clips == 8
    assert result.pretrained_on_test_clips is False


def test_the_model_folder_of_a_run_is_evaluated_as_the_run(
    folded, sound_folder, tiny_recipe, tmp_path
):
    """The command pretrain ends with its path."""
    run = run_on(folded, tiny_recipe, tmp_path / "run", test_fold="1")
    result = evaluate(run.encoder, str(folded), ["knn"], progress=False)
    assert result.splits == ["fold 1"]
    assert result.out == str(run.path / "evaluation" / "clips")
    other = evaluate(run.encoder, str(sound_folder), ["knn"], tmp_path / "out", progress=False)
    assert other.pretrained_on_test_clips is True


def write_run(source, run, path, test_fold):
    """Write a run on clips that has the model of another run."""
    new = RunFolder(path)
    store = prepare(read_source(source), new.store, n_workers=1, progress=False)
    new.configure(source=str(source), clips=store.fingerprint, test_fold=test_fold)
    shutil.copytree(run.encoder, new.encoder)
    return new


def test_a_run_with_a_test_fold_is_tested_on_the_test_split_if_there_is_one(folded, run, tmp_path):
    rows = pd.read_csv(folded)
    rows.assign(
        split=np.resize(["train", "train", "test"], 24), fold=np.arange(24) // 2 % 3
    ).to_csv(tmp_path / "clips.csv", index=False)
    new = write_run(tmp_path / "clips.csv", run, tmp_path / "run", test_fold="1")
    result = evaluate(new.path, str(tmp_path / "clips.csv"), ["knn"], progress=False)
    assert result.splits == ["test"]
    assert result.n_test_clips == 8
    assert result.pretrained_on_test_clips is False


def test_a_test_fold_without_labels_is_refused(folded, run, tmp_path):
    rows = pd.read_csv(folded, dtype=str)
    rows.loc[rows["fold"] == "1", "label"] = None
    rows.to_csv(tmp_path / "clips.csv", index=False)
    new = write_run(tmp_path / "clips.csv", run, tmp_path / "run", test_fold="1")
    with pytest.raises(SourceError, match="left out fold '1', which has no labeled clip"):
        evaluate(new.path, str(tmp_path / "clips.csv"), ["knn"], progress=False)


def test_clips_of_another_source_are_prepared_separately(run, sound_folder, tmp_path):
    result = evaluate(run.path, str(sound_folder), ["knn"], tmp_path / "out", progress=False)
    assert (tmp_path / "out" / "store" / "store.json").exists()
    assert result.n_test_clips == 24
    assert len(result.splits) == 5
    model_only = evaluate(
        run.encoder, str(tmp_path / "out" / "store"), ["knn"], tmp_path / "2", progress=False
    )
    assert model_only.rows == result.rows
    assert model_only.out == str(tmp_path / "2")


def test_a_second_protocol_embeds_nothing(run, store, tmp_path, monkeypatch):
    words = (run.path, str(store.path))
    both = evaluate(*words, ["linear", "knn"], tmp_path / "both", progress=False)
    linear = evaluate(*words, ["linear"], tmp_path / "one", progress=False)

    def forbidden(*arguments):
        raise AssertionError("it embeds again")

    for name in ("embeddings", "log_mel_statistics", "untrained_twin"):
        monkeypatch.setattr(representations, name, forbidden)
    knn = evaluate(*words, ["knn"], tmp_path / "one", progress=False)
    assert linear.rows + knn.rows == both.rows
    assert evaluate(*words, ["knn"], tmp_path / "one", progress=False) == knn
    with pytest.raises(AssertionError, match="it embeds again"):
        evaluate(*words, ["knn"], tmp_path / "one", seed=1, progress=False)


def test_a_folder_that_another_run_is_writing_to_is_refused(run, store, tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE_S", 0.0)
    with (
        lock.locked(tmp_path),
        pytest.raises(InUseError, match="another run is at work there"),
    ):
        evaluate(run.path, str(store.path), ["knn"], tmp_path, progress=False)
    assert not list(tmp_path.iterdir())


def test_what_a_killed_evaluation_left_is_removed(run, store, tmp_path):
    ours = ["results.json.12.partial", "embeddings/x/0000000.npy.12.partial"]
    for name in [*ours, "download.zip.partial"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("half")
    evaluate(run.path, str(store.path), ["knn"], tmp_path, progress=False)
    assert [path.name for path in tmp_path.rglob("*.partial")] == ["download.zip.partial"]


def test_fine_tuning_of_another_model_is_refused(run, store, tmp_path, monkeypatch):
    """An earlier classifier is not taken for that of this model, and training does not go on."""
    recipe = read_recipe("few_labels", SUPERVISED, {"training.n_epochs": 1})

    def crash(store, split, run, *arguments, **settings):
        run.checkpoints.last.touch()
        raise MemoryError

    def fine_tune(model):
        out = tmp_path / "out"
        evaluate(model, str(store.path), ["finetune"], out, recipe=recipe, progress=False)

    monkeypatch.setattr(evaluation, "fine_tune", crash)
    for _ in range(2):  # the same model may resume
        with pytest.raises(MemoryError):
            fine_tune(run.path)
    another = SoundEncoder.from_pretrained(run.path)
    another.standardization = Standardization(0.0, 1.0)
    another.save(tmp_path / "another")
    with pytest.raises(RunError, match="model"):
        fine_tune(tmp_path / "another")


def test_evaluations_of_two_sources_have_separate_folders(run, sound_folder, folded):
    for source, name in ((sound_folder, sound_folder.name), (folded, "clips")):
        result = evaluate(run.path, str(source), ["knn"], progress=False)
        assert result.out == str(run.path / "evaluation" / name)
        assert (run.path / "evaluation" / name / "predictions.csv").exists()


def test_a_missing_model_and_unlabeled_clips_are_refused(run, tmp_path):
    with pytest.raises(ModelError, match="no model there"):
        evaluate(tmp_path, "x", ["knn"])
    (tmp_path / "unlabeled").mkdir()
    for number in range(6):
        tone = np.sin(np.arange(30000) * 0.02 * (number + 1))
        soundfile.write(tmp_path / "unlabeled" / f"{number}.wav", tone, 22050)
    with pytest.raises(SourceError, match="no clip has a label"):
        evaluate(run.path, str(tmp_path / "unlabeled"), ["knn"], tmp_path / "out", progress=False)


EVALUATE = """
from soundalike.downstream.evaluate import evaluate
from soundalike.embedding import vector_cache

vector_cache.CLIPS_PER_PART = 12

def work(folder):
    model, source = arguments
    evaluate(model, source, ["linear", "knn"], folder, progress=False)
"""


@kills("predictions.csv")
def test_an_evaluation_resumes_after_a_kill_at_any_moment(names, cut, run, store, kill_everywhere):
    moments = kill_everywhere(EVALUATE, run.path, store.path, names=names, cut=cut)
    expected = assert_whole(moments, mark="results.json")
    assert {"predictions.csv", "linear/classifier/config.json"} <= set(expected)
    # a key and two parts of each representation, two files of each half of the classifier, the
    # predictions, the results; a power cut comes before a file is flushed, and before its folder is
    n_files = 3 * (1 + 2 * 2) + 2 * 2 + 2
    assert len(moments) == (1 if names else 2 * n_files if cut else n_files) + 1


FINETUNE = """
from soundalike.downstream.evaluate import evaluate
from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.recipes.recipe import read_recipe

QUICK = {
    "training.n_epochs": 2, "training.batch_size": 10, "training.precision": "32-true",
    "schedule.milestones": [1],
}

def work(folder):
    model, source = arguments
    recipe = read_recipe("finetune", SUPERVISED, QUICK)
    evaluate(model, source, ["finetune"], folder, recipe=recipe, progress=False)
"""


@kills("predictions.csv")
def test_fine_tuning_resumes_after_a_kill_at_any_moment(
    names, cut, run, sound_folder, kill_everywhere, tmp_path
):
    rows = read_source(sound_folder).rows[["path", "label"]]
    split = np.resize(["train", "train", "validation", "test"], 24)
    rows.assign(split=split).to_csv(tmp_path / "clips.csv", index=False)
    prepare(read_source(tmp_path / "clips.csv"), tmp_path / "store", n_workers=1, progress=False)
    moments = kill_everywhere(FINETUNE, run.path, tmp_path / "store", names=names, cut=cut)
    assert len(moments) == 2 if names else len(moments) > 20
    timed = ("metrics.csv", "tensorboard", "checkpoints")  # they hold durations
    assert_whole(moments, ("encoder", "classifier"), timed, mark="results.json")
    for moment in moments:
        metrics, reference = (
            pd.read_csv(each.folder / "finetune" / "metrics.csv").drop(columns="seconds")
            for each in (moment, moments[-1])
        )
        pd.testing.assert_frame_equal(metrics, reference)
