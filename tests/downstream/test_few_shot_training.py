"""Trainings on few labels: what they share, and what they leave on the disk."""

import numpy as np
import pytest

from soundalike.datasets.splits import evaluation_splits
from soundalike.downstream import few_shot_training
from soundalike.downstream.few_shot_answers import AnswerFolder
from soundalike.downstream.few_shot_draws import Draw, few_of
from soundalike.downstream.few_shot_training import FewShotTraining, seconds_per_pass
from soundalike.downstream.supervised_recipe import SUPERVISED, recipe_for
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.recipes.recipe import read_recipe


@pytest.fixture(scope="module")
def model(run):
    return SoundEncoder.from_pretrained(run.path)


@pytest.fixture(scope="module")
def draw(store):
    split = evaluation_splits(store)[0]
    few = few_of(split, store.clips.labels().values, store.recordings, 2, seed=3)
    return Draw(2, 3, 0, few)


@pytest.fixture
def training_of(store, model, tmp_path):
    def make(method, name="few_labels", **changes):
        recipe = read_recipe(name, SUPERVISED, {"training.n_epochs": 1, **changes})
        return FewShotTraining(store, model, recipe, method, AnswerFolder(tmp_path / method))

    return make


@pytest.mark.parametrize(
    ("method", "name"),
    [("finetune", "few_labels"), ("scratch", "few_labels"), ("scratch", "finetune")],
    ids=["fine-tuned", "from scratch", "from scratch by the recipe finetune"],
)
def test_a_training_answers_the_test_clips_and_leaves_only_the_answers(
    training_of, draw, store, method, name
):
    changes = {"schedule.milestones": [1]} if name == "finetune" else {}
    training = training_of(method, name, **changes)
    answers = training.answers(draw)
    assert answers.shape == draw.split.test.shape
    assert set(answers) <= {0, 1, 2}
    assert [path.name for path in training.folder.path.iterdir()] == [f"{draw.name}.json"]


def test_both_trainings_have_one_recipe_and_different_networks(
    training_of, draw, model, monkeypatch
):
    calls = []

    def fine_tune(store, split, run, recipe, *, model, progress):
        calls.append((recipe, model))
        raise KeyboardInterrupt

    monkeypatch.setattr(few_shot_training, "fine_tune", fine_tune)
    for method in ("finetune", "scratch"):
        with pytest.raises(KeyboardInterrupt):
            training_of(method).answers(draw)
    (recipe, ours), (same, twin) = calls
    assert recipe == same == recipe_for(model, training_of("scratch").recipe, seed=3)
    assert ours is model
    assert twin.fingerprint() != model.fingerprint()
    assert twin.encoder_settings == model.encoder_settings


def test_what_an_interrupted_training_left_is_resumed_and_then_removed(
    training_of, draw, monkeypatch
):
    training = training_of("finetune")

    def interrupted(store, split, run, recipe, **settings):
        run.checkpoints.last.touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(few_shot_training, "fine_tune", interrupted)
        with pytest.raises(KeyboardInterrupt):
            training.answers(draw)
    left = training.folder.path / draw.name
    assert (left / "config.yaml").exists()
    training.folder.get(draw, lambda: np.zeros(len(draw.split.test)))
    (left / "config.yaml").unlink()  # killed while it removed the run
    assert (training.answers(draw) == 0).all()
    assert not left.exists()


def test_the_work_of_a_training_grows_with_its_clips_and_epochs(training_of, draw):
    short = training_of("finetune").n_passes(draw)
    assert short == 3 * 6 + 5 * 6 + len(draw.split.test)
    longer = training_of("finetune", **{"training.n_epochs": 10}).n_passes(draw)
    assert longer - short == 3 * 9 * 6


def test_a_forward_pass_is_timed(model, store):
    assert 0 < seconds_per_pass(model, store) < 60
