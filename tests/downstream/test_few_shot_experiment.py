"""All methods on all draws: the same as fitting each alone; nothing is done twice."""

import dataclasses

import numpy as np
import pytest

from soundalike.datasets.splits import evaluation_splits
from soundalike.downstream import few_shot_experiment
from soundalike.downstream.features import embeddings
from soundalike.downstream.few_shot_draws import draws
from soundalike.downstream.few_shot_experiment import FewShotExperiment
from soundalike.downstream.linear import fit_linear
from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.recipes.recipe import read_recipe

AMOUNTS = [1, 3, None]


@pytest.fixture(scope="module")
def model(run):
    return SoundEncoder.from_pretrained(run.path)


@pytest.fixture
def experiment_of(store, model, tmp_path):
    """An experiment on the first two folds."""
    splits = evaluation_splits(store)[:2]
    labels = store.clips.labels().values

    def make(seeds=(0,), amounts=AMOUNTS, progress=False):
        every_draw = list(draws(splits, labels, store.recordings, amounts, seeds))
        return FewShotExperiment(model, store, splits, every_draw, tmp_path, 0, progress)

    return make


def test_a_linear_classifier_is_fitted_to_the_clips_of_each_draw(experiment_of, model, store):
    experiment = experiment_of()
    answers = experiment.answer_frozen(["linear", "log_mel"])
    assert list(answers) == ["linear", "log_mel"]
    features = embeddings(model, store)
    for draw, of_draw in zip(experiment.draws, answers["linear"], strict=True):
        scores = fit_linear(features, draw.split).scores(features.select(draw.split.test))
        assert (scores.argmax(axis=1) == of_draw).all()


def test_nothing_is_fitted_twice(experiment_of, monkeypatch):
    first = experiment_of().answer_frozen(["linear"])
    fits = []
    fit = few_shot_experiment.fit_linear
    monkeypatch.setattr(
        few_shot_experiment,
        "fit_linear",
        lambda features, split, seed: fits.append(seed) or fit(features, split, seed),
    )
    again = experiment_of().answer_frozen(["linear"])
    assert not fits
    assert all(map(np.array_equal, first["linear"], again["linear"]))
    more = experiment_of(seeds=[0, 1], amounts=[1, 2, 3, None]).answer_frozen(["linear"])
    assert len(more["linear"]) == 2 * 4 * 2
    assert sorted(fits) == [0] * 2 + [1] * 8, "only the new draws"


def test_trainings_say_how_long_they_take_and_are_not_repeated(experiment_of, capsys):
    recipe = read_recipe("few_labels", SUPERVISED, {"training.n_epochs": 1})
    experiment = experiment_of(amounts=[1], progress=True)
    answers = experiment.answer_trained(["scratch", "finetune"], recipe)
    assert [len(of_method) for of_method in answers.values()] == [2, 2]
    line = capsys.readouterr().err.splitlines()[0]
    assert line.startswith("4 trainings on few labels: about ")
    assert line.endswith("; an interrupted run resumes")
    again = experiment.answer_trained(["finetune"], recipe)
    assert all(map(np.array_equal, again["finetune"], answers["finetune"]))
    assert capsys.readouterr().err == ""


def test_another_recipe_does_not_replace_answers(experiment_of):
    experiment = experiment_of(amounts=[1])
    experiment = dataclasses.replace(experiment, draws=experiment.draws[:1])
    for lr in (1e-3, 1e-4):
        changes = {"training.n_epochs": 1, "optimizer.lr": lr}
        recipe = read_recipe("few_labels", SUPERVISED, changes)
        experiment.answer_trained(["finetune"], recipe)
    folders = list((experiment.out / "few_shot").iterdir())
    assert len(folders) == 2
    assert all(len(list(folder.iterdir())) == 1 for folder in folders)
