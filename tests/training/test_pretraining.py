"""Pre-training end to end: results, exact resume, and errors."""

import dataclasses
import os
import shutil
import signal

import numpy as np
import pandas as pd
import pytest
import torch
from kills import assert_whole, kills

from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.evaluation.representation_measures import MEASURES
from soundalike.recipes.errors import RecipeError
from soundalike.recipes.recipe import read_recipe, to_yaml
from soundalike.recipes.sections import resolve_recipe
from soundalike.training import loop
from soundalike.training.contrastive import ContrastiveTraining
from soundalike.training.finite_loss import TrainingError
from soundalike.training.knn_monitor import KNNMonitor
from soundalike.training.pretraining import pretrain
from soundalike.training.pretraining_recipe import PRETRAINING
from soundalike.training.run_folder import RunFolder


def new_run(path, store, recipe):
    run = RunFolder(path)
    run.configure(source="-", clips=store.fingerprint, test_fold=None, recipe=recipe)
    return run


def metrics_of(run):
    return pd.read_csv(run.path / "metrics.csv").drop(columns="seconds")


def weights_of(run):
    return SoundEncoder.from_pretrained(run.path).encoder.state_dict()


def test_it_writes_metrics_and_a_model(run):
    metrics = metrics_of(run)
    assert metrics["step"].tolist() == list(range(1, 10))
    assert metrics["epoch"].tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert metrics["loss"].notna().all()
    for column in ("knn", *MEASURES):
        assert metrics[column].notna().tolist() == [False, False, True] * 3
    model = SoundEncoder.from_pretrained(run.path)
    assert model.dim == 32
    assert not (run.path / "checkpoints" / "last.partial").exists()


def test_the_statistics_of_the_training_set_are_part_of_the_model(run, store):
    model = SoundEncoder.from_pretrained(run.path)
    values = np.concatenate([store.of_clip(index).ravel() for index in range(len(store.clips))])
    assert model.standardization.mean == pytest.approx(values.mean(dtype=np.float64), rel=1e-6)
    assert model.standardization.std == pytest.approx(values.std(dtype=np.float64), rel=1e-6)


def test_same_seed_same_run(run, store, tiny_recipe, tmp_path):
    again = new_run(tmp_path / "again", store, tiny_recipe)
    pretrain(store, again, tiny_recipe, progress=False)
    pd.testing.assert_frame_equal(metrics_of(again), metrics_of(run))
    for ours, theirs in zip(weights_of(again).values(), weights_of(run).values(), strict=True):
        assert torch.equal(ours, theirs)


def test_the_final_model_is_whitened_once(run, store, tiny_recipe, tmp_path):
    recipe = tiny_recipe | {"embedding": tiny_recipe["embedding"] | {"whiten": 8}}
    white = new_run(tmp_path / "white", store, recipe)
    pretrain(store, white, recipe, progress=False)
    model, plain = (SoundEncoder.from_pretrained(each.path) for each in (white, run))
    assert model.dim == 8
    assert plain.whitening is None
    assert (len(model.background), len(plain.background)) == (24, 24), "all training clips"
    for ours, theirs in zip(weights_of(white).values(), weights_of(run).values(), strict=True):
        assert torch.equal(ours, theirs)
    written = {path: path.stat().st_mtime_ns for path in white.encoder.iterdir()}
    pretrain(store, white, recipe, progress=False)
    assert {path: path.stat().st_mtime_ns for path in white.encoder.iterdir()} == written


PRETRAIN = """
from pathlib import Path
from soundalike.datasets.store import open_store
from soundalike.recipes.recipe import read_recipe
from soundalike.training.pretraining import pretrain
from soundalike.training.pretraining_recipe import PRETRAINING
from soundalike.training.run_folder import RunFolder

store = open_store(Path(arguments[0]))
recipe = read_recipe(arguments[1], PRETRAINING)

def work(folder):
    run = RunFolder(folder)
    run.configure(source="-", clips=store.fingerprint, test_fold=None, recipe=recipe)
    pretrain(store, run, recipe, progress=False)
"""
TIMED = ("metrics.csv", "tensorboard", "checkpoints")  # they hold durations


@kills("last.ckpt")
def test_a_run_resumes_after_a_kill_at_any_moment(
    names, cut, store, tiny_recipe, kill_everywhere, tmp_path
):
    """A run that whitens its model at the end: it is written twice."""
    recipe = tiny_recipe | {"embedding": tiny_recipe["embedding"] | {"whiten": 8}}
    (tmp_path / "recipe.yaml").write_text(to_yaml(recipe))
    moments = kill_everywhere(PRETRAIN, store.path, tmp_path / "recipe.yaml", names=names, cut=cut)
    # configuration, training clips, metrics twice, checkpoint, twice two files of a model of which
    # the first weights are deleted, and one unkilled; of TensorBoard, the files that are begun
    assert names or len(moments) > 10
    assert_whole(moments, ("encoder",), TIMED)
    uninterrupted = RunFolder(moments[-1].folder)
    expected = SoundEncoder.from_pretrained(uninterrupted.path)
    assert expected.whitening is not None
    for moment in moments:
        resumed = RunFolder(moment.folder)
        pd.testing.assert_frame_equal(metrics_of(resumed), metrics_of(uninterrupted))
        background = SoundEncoder.from_pretrained(resumed.path).background
        assert torch.equal(background, expected.background)


@pytest.mark.parametrize("stops", [[1], [3], [4, 8]])
def test_a_resumed_run_equals_an_uninterrupted_one(
    stops, run, store, tiny_recipe, tmp_path, monkeypatch
):
    """Stopped by a signal in the middle of an epoch, at its end, and twice."""
    resumed = new_run(tmp_path / "resumed", store, tiny_recipe)
    take = ContrastiveTraining.step

    def step(self, number):
        if number + 1 in stops:
            os.kill(os.getpid(), signal.SIGINT)
        return take(self, number)

    monkeypatch.setattr(ContrastiveTraining, "step", step)
    for stop in stops:
        assert pretrain(store, resumed, tiny_recipe, progress=False).n_steps_done == stop
    assert pretrain(store, resumed, tiny_recipe, progress=False).n_steps_done == 9
    pd.testing.assert_frame_equal(metrics_of(resumed), metrics_of(run))
    for ours, theirs in zip(weights_of(resumed).values(), weights_of(run).values(), strict=True):
        assert torch.equal(ours, theirs)


def test_steps_after_the_last_checkpoint_are_taken_again(
    run, store, tiny_recipe, tmp_path, monkeypatch
):
    """A crash loses the steps since the checkpoint; their rows do not appear twice."""
    crashed = new_run(tmp_path / "crashed", store, tiny_recipe)
    take = ContrastiveTraining.step

    def step(self, number):
        if number == 5:
            raise MemoryError
        return take(self, number)

    monkeypatch.setattr(loop, "SECONDS_PER_CHECKPOINT", 0.0)
    monkeypatch.setattr(loop, "STEPS_PER_FLUSH", 1)
    monkeypatch.setattr(ContrastiveTraining, "step", step)
    with pytest.raises(MemoryError):
        pretrain(store, crashed, tiny_recipe, progress=False)
    monkeypatch.setattr(ContrastiveTraining, "step", take)
    pretrain(store, crashed, tiny_recipe, progress=False)
    pd.testing.assert_frame_equal(metrics_of(crashed), metrics_of(run))


def test_a_finished_run_stays_unchanged(run, store, tiny_recipe):
    before = weights_of(run)
    result = pretrain(store, run, tiny_recipe, progress=False)
    assert result.n_steps_done == result.n_steps == 9
    assert result.loss == metrics_of(run)["loss"].iloc[-1]
    assert list(result.knn) == [1, 2, 3]
    last = metrics_of(run).iloc[-1]
    assert result.health == {name: last[name] for name in MEASURES} | {"highest_rank": 32}
    assert (result.alarms, result.stopping_point) == ({}, None)
    for ours, theirs in zip(weights_of(run).values(), before.values(), strict=True):
        assert torch.equal(ours, theirs)


def test_weights_that_a_kill_left_behind_are_deleted(run, store, tiny_recipe, tmp_path):
    """A process may be killed between naming its new weights and deleting the earlier ones."""
    finished = RunFolder(shutil.copytree(run.path, tmp_path / "finished"))
    (weights,) = finished.encoder.glob("model-*.safetensors")
    shutil.copy(weights, finished.encoder / "model-0123456789ab.safetensors")
    pretrain(store, finished, tiny_recipe, progress=False)
    assert list(finished.encoder.glob("model-*.safetensors")) == [weights]


def test_the_model_is_that_of_the_best_epoch_on_a_validation_set(
    store, tiny_recipe, tmp_path, monkeypatch
):
    split = ["train"] * 4 + ["validation"] * 4
    clips = ClipTable("x", store.clips.rows.assign(split=split * 3))
    store = dataclasses.replace(store, clips=clips)
    accuracies = iter([0.2, 0.9, 0.5])
    monkeypatch.setattr(KNNMonitor, "score", lambda self, *arguments: next(accuracies))
    chosen = new_run(tmp_path / "chosen", store, tiny_recipe)
    result = pretrain(store, chosen, tiny_recipe, progress=False)
    assert result.knn == {1: 0.2, 2: 0.9, 3: 0.5}
    state = torch.load(chosen.checkpoints.last, weights_only=True)
    last = state["module"]["encoder.conv1.weight"]
    assert not torch.equal(weights_of(chosen)["conv1.weight"], last)
    assert (state["best_score"], state["best_epoch"], result.epoch) == (0.9, 2, 2)


def test_checks_do_not_influence_training_and_need_no_labels(run, store, tiny_recipe, tmp_path):
    """The losses are the same with a kNN check every epoch, and with one check without labels."""
    unlabeled = ClipTable("x", store.clips.rows.assign(label=""))
    store = dataclasses.replace(store, clips=unlabeled)
    recipe = resolve_recipe(tiny_recipe | {"monitor": {"every_n_epochs": 3}}, PRETRAINING)
    rare = new_run(tmp_path / "rare", store, recipe)
    result = pretrain(store, rare, recipe, progress=False)
    metrics = metrics_of(rare)
    assert metrics["loss"].tolist() == metrics_of(run)["loss"].tolist()
    assert metrics["uniformity"].dropna().tolist() == [metrics_of(run)["uniformity"].iloc[-1]]
    assert result.knn == {}
    assert "knn" not in metrics


def test_an_alarm_is_printed_during_training_and_returned(store, tiny_recipe, tmp_path, capsys):
    """With a loss that only pulls views together, all embeddings become equal."""
    changes = {
        "loss": {"name": "vicreg", "variance": 0.0, "covariance": 0.0},
        "training": tiny_recipe["training"] | {"n_epochs": 30},
        "monitor": {"every_n_epochs": 5},
    }
    recipe = resolve_recipe(tiny_recipe | changes, PRETRAINING)
    result = pretrain(store, new_run(tmp_path / "run", store, recipe), recipe)
    assert result.alarms
    assert result.verdict == ", ".join(result.alarms)
    output = capsys.readouterr().err
    for kind in result.alarms:
        assert output.count(f": {kind}: ") == 1, "after one check only"


def test_only_training_clips_are_used(store, tiny_recipe, tmp_path):
    """Test clips can be anything without changing the losses."""
    split = np.array(["train", "train", "train", "test"] * 6)
    clips = ClipTable("x", store.clips.rows.assign(split=split, label=""))
    frames = store.frames.copy()
    for index in np.flatnonzero(split == "test"):
        frames[store.offsets[index] : store.offsets[index] + store.n_frames[index]] = 7.0
    losses = []
    for name, values in {"a": store.frames, "b": frames}.items():
        changed = dataclasses.replace(store, clips=clips, frames=values)
        run = new_run(tmp_path / name, changed, tiny_recipe)
        pretrain(changed, run, tiny_recipe, progress=False)
        losses.append(metrics_of(run)["loss"].tolist())
    assert losses[0] == losses[1]


def test_a_loss_that_is_not_finite_stops_with_advice(store, tiny_recipe, tmp_path):
    recipe = resolve_recipe(tiny_recipe | {"optimizer": {"name": "sgd", "lr": 1e30}}, PRETRAINING)
    run = new_run(tmp_path / "run", store, recipe)
    with pytest.raises(TrainingError, match=r"the loss is nan at step \d+ .* lower optimizer\.lr"):
        pretrain(store, run, recipe, progress=False)


def test_two_clips_are_too_few(store, tiny_recipe, tmp_path):
    few = store.select(np.arange(2))
    with pytest.raises(SourceError, match=r"2 training clips, 0 .* silent, from 2 .*at least 3"):
        pretrain(few, RunFolder(tmp_path / "run"), tiny_recipe, progress=False)


def silent(store, n_sounding):
    """Return the store with the hash of silence in all clips but the first ones."""
    audio = store.audio.copy()
    audio[n_sounding:] = b""
    return dataclasses.replace(store, audio=audio)


def one_recording(store):
    rows = store.clips.rows.assign(path="a.wav", start_s=np.arange(24.0))
    return dataclasses.replace(store, clips=ClipTable("x", rows))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda store: silent(store, 0),
            r"24 training clips, 24 of them silent, from 0 recordings with sound",
        ),
        (lambda store: silent(store, 2), r"22 of them silent, from 2 recordings with sound"),
        (lambda store: store.select(np.zeros(24, int)), "from 1 recording with sound: "),
        (one_recording, r"24 training clips, 0 of them silent, from 1 recording with sound"),
    ],
    ids=["silent", "nearly all silent", "copies", "one recording"],
)
def test_clips_without_anything_to_contrast_are_refused(
    store, tiny_recipe, tmp_path, change, message
):
    with pytest.raises(SourceError, match=message):
        pretrain(change(store), RunFolder(tmp_path / "run"), tiny_recipe, progress=False)


def test_silent_clips_are_counted(store, tiny_recipe, tmp_path, capsys):
    recipe = resolve_recipe(
        tiny_recipe | {"training": tiny_recipe["training"] | {"n_epochs": 1}}, PRETRAINING
    )
    some = silent(store, 20)
    pretrain(some, new_run(tmp_path / "run", some, recipe), recipe)
    assert "silent in the band of the front end: 4 of the training clips" in capsys.readouterr().err


def test_the_loss_falls(store, tiny_recipe, tmp_path):
    """Fifteen epochs on half a minute of tones."""
    longer = tiny_recipe["training"] | {"n_epochs": 15}
    changes = {"training": longer, "monitor": {"every_n_epochs": 15}}
    recipe = resolve_recipe(tiny_recipe | changes, PRETRAINING)
    run = new_run(tmp_path / "run", store, recipe)
    result = pretrain(store, run, recipe, progress=False)
    losses = metrics_of(run)["loss"]
    assert losses.tail(5).mean() < 0.8 * losses.head(5).mean()
    assert result.loss == pytest.approx(losses.iloc[-1])


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("training.n_epochs", 0, "n_epochs must be at least 1"),
        ("training.batch_size", 1, "batch_size must be at least 2"),
        ("training.seed", -1, "seed must be at least 0"),
        ("views.patch_frames", 150, "the shortest clip has 101 frames"),
        ("views.compression.lowest", 2, "Compression needs"),
        ("encoder.width", 0, "width"),
        ("loss.temperature", 0, "temperature"),
        ("monitor.every_n_epochs", 0, "every_n_epochs"),
    ],
)
def test_a_value_out_of_range_is_named(store, tiny_recipe, tmp_path, key, value, message):
    own = tmp_path / "own.yaml"
    own.write_text(to_yaml(tiny_recipe))
    recipe = read_recipe(own, PRETRAINING, {key: value})
    with pytest.raises(RecipeError, match=message):
        pretrain(store, new_run(tmp_path / "run", store, recipe), recipe, progress=False)


def test_a_patch_shorter_than_the_encoder_needs_is_refused(store, tiny_recipe, tmp_path):
    recipe = resolve_recipe(
        tiny_recipe | {"encoder": {"name": "crnn"}, "views": {"patch_frames": 4}}, PRETRAINING
    )
    with pytest.raises(RecipeError, match="patch_frames of at least 8"):
        pretrain(store, RunFolder(tmp_path / "run"), recipe, progress=False)
