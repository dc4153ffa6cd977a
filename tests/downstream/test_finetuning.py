"""Fine-tuning end to end: weights, epoch selection, saved files, interrupts."""

import os
import signal
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from soundalike.audio.streaming import read_log_mel
from soundalike.audio.windows import Windows
from soundalike.datasets.clips import ClipTable, SourceError
from soundalike.datasets.splits import Split
from soundalike.downstream.features import embeddings
from soundalike.downstream.finetuning import fine_tune
from soundalike.downstream.linear import fit_linear
from soundalike.downstream.supervised import SupervisedTraining
from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.embedding.whitening import Whitening
from soundalike.evaluation.metrics import score
from soundalike.recipes.errors import RecipeError
from soundalike.recipes.recipe import read_recipe
from soundalike.training.run_folder import RunFolder

SPLIT = Split("x", np.arange(0, 24, 2), np.arange(1, 24, 4), np.arange(3, 24, 4))
NOTHING = np.zeros(0, dtype=np.int64)


def recipe_of(**overrides):
    defaults = {
        "encoder.width": 4,
        "optimizer.lr": 0.05,
        "training.n_epochs": 4,
        "training.batch_size": 6,
        "training.precision": "32-true",
        "schedule.milestones": [3],
    }
    return read_recipe("finetune", SUPERVISED, defaults | overrides)


def new_run(path, recipe):
    run = RunFolder(path)
    run.configure(recipe=recipe)
    return run


@pytest.fixture(scope="module")
def model(run):
    return SoundEncoder.from_pretrained(run.path)


@pytest.fixture(scope="module")
def tuned(model, store, tmp_path_factory):
    """A fine-tuned run and its network."""
    recipe = recipe_of()
    run = new_run(tmp_path_factory.mktemp("tuned") / "run", recipe)
    return run, fine_tune(store, SPLIT, run, recipe, model=model, progress=False)


def score_on_test(network, store, split):
    return score(store.clips.labels().values[split.test], network.scores(store.select(split.test)))


def metrics_of(run):
    return pd.read_csv(run.path / "metrics.csv").drop(columns="seconds")


def test_every_weight_changes_and_the_initial_model_does_not(tuned, model):
    run, _ = tuned
    now, before = SoundEncoder.load(run.encoder).encoder, model.encoder
    assert not torch.equal(now.conv1.weight, before.conv1.weight)
    assert not torch.equal(now.layer4[1].conv2.weight, before.layer4[1].conv2.weight)
    again = SoundEncoder.from_pretrained(run.path)
    assert again.front_end == model.front_end
    assert again.standardization == model.standardization


def test_the_model_says_what_it_was_trained_on_before_and_after(tuned, model, store):
    run, _ = tuned
    words = SoundEncoder.load(run.encoder).training_data
    assert words.startswith("12 clips, ")
    assert words.endswith(f" h, of {store.clips.name}; before, on {model.training_data}")


def test_fine_tuning_starts_from_the_model(model, store, tmp_path):
    recipe = recipe_of(**{"optimizer.lr": 0.0, "training.n_epochs": 1})
    run = new_run(tmp_path / "run", recipe)
    fine_tune(store, SPLIT, run, recipe, model=model, progress=False)
    best = SoundEncoder.load(run.encoder).encoder
    for ours, theirs in zip(best.parameters(), model.encoder.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_few_labels_starts_from_the_linear_probe_of_the_whole_model(model, store, tmp_path):
    """With windows, several levels and whitening; a learning rate of zero changes nothing."""
    whole = model.with_encoder(model.encoder, Whitening.of(embeddings(model, store).vectors, 8))
    whole.windows = Windows.half_overlapping(151, 101)
    few = Split("x", np.arange(0, 24, 2), NOTHING, np.arange(1, 24, 2))
    changes = {"optimizer.lr": 0.0, "training.precision": "32-true", "training.n_epochs": 1}
    recipe = read_recipe("few_labels", SUPERVISED, changes)
    run = new_run(tmp_path / "run", recipe)
    network = fine_tune(store, few, run, recipe, model=whole, progress=False)

    features = embeddings(whole, store, [-10, -5, 0, 5, 10])
    linear = fit_linear(features, few, seed=0)
    test = store.select(few.test)
    expected = linear.scores(embeddings(whole, test))
    assert network.scores(test) == pytest.approx(expected, abs=1e-5)
    best = SoundClassifier.from_pretrained(run.path).model
    assert best.windows == whole.windows
    assert best.whitening is not None


def test_linear_probe_init_from_scratch_is_refused(store, tmp_path):
    recipe = read_recipe("few_labels", SUPERVISED)
    with pytest.raises(RecipeError, match=r"training\.linear_probe_init is for a model"):
        fine_tune(store, SPLIT, new_run(tmp_path / "run", recipe), recipe, progress=False)


def test_few_labels_changes_every_weight_and_not_the_initial_model(model, store, tmp_path):
    recipe = read_recipe("few_labels", SUPERVISED, {"training.n_epochs": 1})
    before = {name: value.clone() for name, value in model.state_dict().items()}
    run = new_run(tmp_path / "run", recipe)
    fine_tune(store, SPLIT, run, recipe, model=model, progress=False)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    tuned = SoundEncoder.load(run.encoder).encoder
    assert not torch.equal(tuned.conv1.weight, model.encoder.conv1.weight)


def test_the_classifier_of_the_best_validation_epoch_is_saved(tuned, store):
    run, network = tuned
    by_epoch = metrics_of(run)["validation"].dropna().tolist()
    assert network.epoch == 1 + int(np.argmax(by_epoch))
    assert network.validation_score == max(by_epoch)
    best = SoundClassifier.from_pretrained(run.path)
    labels = store.clips.labels().values
    validation = best.clip_probabilities(store.select(SPLIT.validation))
    assert score(labels[SPLIT.validation], validation) == network.validation_score
    test = best.clip_probabilities(store.select(SPLIT.test))
    assert np.array_equal(test, network.scores(store.select(SPLIT.test)))


def test_separable_classes_are_learned(model, store, tmp_path):
    """At least the training clips are classified correctly."""
    split = Split("x", SPLIT.train, NOTHING, SPLIT.train)
    recipe = read_recipe(
        "finetune",
        SUPERVISED,
        {
            "encoder.width": 4,
            "optimizer.name": "adamw",
            "optimizer.lr": 3e-3,
            "schedule.name": "cosine",
            "training.n_epochs": 30,
            "training.batch_size": 6,
            "training.precision": "32-true",
        },
    )
    run = new_run(tmp_path / "run", recipe)
    assert (
        score_on_test(
            fine_tune(store, split, run, recipe, model=model, progress=False), store, split
        )
        > 0.9
    )


def test_test_labels_do_not_influence_training(model, store, tuned, tmp_path):
    rows = store.clips.rows.copy()
    rows.loc[SPLIT.test, "label"] = rows.loc[SPLIT.test, "label"].to_numpy()[::-1]
    swapped = replace(store, clips=ClipTable("x", rows))
    run = new_run(tmp_path / "run", recipe_of())
    network = fine_tune(swapped, SPLIT, run, recipe_of(), model=model, progress=False)
    assert np.array_equal(*(each.scores(store.select(SPLIT.test)) for each in (network, tuned[1])))


@pytest.mark.parametrize(
    ("encoder", "loss"),
    [
        ({"name": "resnet18", "width": 2}, "cross_entropy"),
        ("fsdnoisy18k_baseline", "cross_entropy"),
        ({"name": "resnet18", "width": 2}, "co_training"),
    ],
    ids=["plain", "dropout", "two heads that remember"],
)
def test_an_interrupted_training_resumes_exactly(encoder, loss, store, tmp_path, monkeypatch):
    """From scratch: plain, with an encoder that has dropout, and with a loss that has a memory."""
    recipe = recipe_of(**{"training.n_epochs": 2, "loss.name": loss})
    recipe |= {"encoder": {"name": encoder} if isinstance(encoder, str) else encoder}
    whole, halves = (new_run(tmp_path / name, recipe) for name in ("whole", "halves"))
    expected = fine_tune(store, SPLIT, whole, recipe, progress=False)
    take = SupervisedTraining.step

    def step(self, number):
        if number == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return take(self, number)

    with monkeypatch.context() as patched:
        patched.setattr(SupervisedTraining, "step", step)
        with pytest.raises(KeyboardInterrupt):
            fine_tune(store, SPLIT, halves, recipe, progress=False)
    assert len(metrics_of(halves)) == 3
    network = fine_tune(store, SPLIT, halves, recipe, progress=False)
    pd.testing.assert_frame_equal(metrics_of(halves), metrics_of(whole))
    assert np.array_equal(*(each.scores(store.select(SPLIT.test)) for each in (network, expected)))


def test_without_validation_the_last_epoch_is_saved(model, store, tmp_path):
    split = Split("x", SPLIT.train, NOTHING, NOTHING)
    recipe = recipe_of(**{"training.n_epochs": 2})
    network = fine_tune(
        store, split, new_run(tmp_path / "run", recipe), recipe, model=model, progress=False
    )
    assert (network.epoch, network.validation_score) == (2, None)
    assert network.scores(store.select(NOTHING)).shape == (0, 3)


def test_patches_may_be_longer_than_clips(store, tmp_path):
    """The baseline's patches are 2 s long; a clip of 1 s is repeated."""
    recipe = recipe_of(**{"training.patch_frames": 201, "training.n_epochs": 1})
    run = new_run(tmp_path / "run", recipe)
    network = fine_tune(store, SPLIT, run, recipe, progress=False)
    assert np.isfinite(network.scores(store.select(SPLIT.test))).all()
    best = SoundClassifier.from_pretrained(run.path)
    shortest = store.clips.rows["path"][int(store.n_frames.argmin())]
    assert len(read_log_mel(shortest, best.model.front_end)) >= 201


def test_several_labels_are_learned_with_binary_cross_entropy(store, tmp_path):
    labels = store.clips.rows["label"] + np.where(np.arange(24) % 3, ";any", "")
    several = replace(store, clips=ClipTable("x", store.clips.rows.assign(label=labels)))
    recipe = recipe_of(**{"training.n_epochs": 4})
    run = new_run(tmp_path / "run", recipe)
    network = fine_tune(several, SPLIT, run, recipe, progress=False)
    scores = network.scores(several.select(SPLIT.test))
    assert scores.shape == (6, 4)
    assert not np.allclose(scores.sum(axis=1), 1)
    assert SoundClassifier.from_pretrained(run.path).multi_label


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"training.batch_size": 1}, "batch_size must be at least 2"),
        ({"optimizer.lr": -1.0}, "learning rate"),
        ({"encoder.width": 0}, "width"),
        ({"loss.name": "binary_cross_entropy"}, "have one label each"),
        ({"encoder.name": "vgg", "training.patch_frames": 4}, "patch_frames of at least 8"),
    ],
)
def test_a_value_out_of_range_is_named(store, tmp_path, overrides, message):
    recipe = recipe_of(**{"encoder.name": "resnet18", **overrides})
    with pytest.raises(RecipeError, match=message):
        fine_tune(store, SPLIT, new_run(tmp_path / "run", recipe), recipe, progress=False)


def test_robust_losses_are_for_one_label(store, tmp_path):
    rows = store.clips.rows.assign(label=["low;high", "low"] * 12)
    several = replace(store, clips=ClipTable("x", rows))
    recipe = recipe_of(**{"loss.name": "lq"})
    with pytest.raises(RecipeError, match="lq, which is for one label per clip"):
        fine_tune(several, SPLIT, new_run(tmp_path / "run", recipe), recipe, progress=False)


def test_one_clip_is_too_few(store, tmp_path):
    split = Split("x", np.arange(1), NOTHING, NOTHING)
    with pytest.raises(SourceError, match="1 labeled clip to train on"):
        fine_tune(store, split, RunFolder(tmp_path / "run"), recipe_of(), progress=False)
