"""Recipes: the shipped ones, what they mean, and what they refuse."""

from importlib import resources

import pytest
import yaml

from soundalike.downstream.supervised import SupervisedSettings
from soundalike.losses import CLASSIFICATION_LOSSES, LOSSES
from soundalike.models.encoder import build_encoder
from soundalike.models.heads import ProjectionHead
from soundalike.optim.optimizers import OPTIMIZERS
from soundalike.optim.schedules import SCHEDULES
from soundalike.recipes.recipe import (
    SHIPPED,
    RecipeError,
    build,
    read_recipe,
    recipe_names,
    resolve_recipe,
    write_recipe,
)
from soundalike.training.contrastive import TrainingSettings
from soundalike.training.knn_monitor import KNNMonitor
from soundalike.views.pair import PairOfViews


def test_the_shipped_recipes():
    assert recipe_names() == ["default", "paper", "simclr", "spec_augment", "tiny"]
    assert recipe_names("supervised") == ["baseline", "few_labels", "finetune"]
    files = (resources.files("soundalike") / "recipes").iterdir()
    assert {file.name for file in files} >= {f"{name}.yaml" for name in SHIPPED}


def test_the_paper_s_recipe_is_the_released_configuration():
    """Value for value: Fonseca et al. 2021 and the configuration they released."""
    recipe = read_recipe("paper")
    assert recipe["front_end"] == {
        "sample_rate": 22050,
        "n_fft": 2048,
        "win_length": 660,
        "hop_length": 220,
        "n_mels": 96,
        "fmin": 50,
        "fmax": 10500,
        "log_offset": 1.1e-8,
        "min_duration_s": 1.0,
    }
    assert recipe["views"] == {
        "patch_frames": 101,
        "patches": "random",
        "distance_frames": None,
        "activity_threshold_db": None,
        "mix_back": {"alpha": 0.05, "source": "other_clips", "scale": "power"},
        "resized_crop": {"area": [0.8, 1.0], "aspect": [3 / 4, 4 / 3]},
        "compression": {"lowest": 0.75},
        "noise": {"highest_std": 0.01},
    } | dict.fromkeys(("time_shift", "frequency_shift", "reversal", "spec_augment", "blur"))
    assert recipe["encoder"] == {"name": "resnet18", "width": 64}
    assert recipe["head"] == {"hidden_dim": 512, "out_dim": 512, "n_hidden_layers": 1}
    assert recipe["loss"] == {"name": "nt_xent", "temperature": 0.2}
    optimizer = recipe["optimizer"]
    assert (optimizer["name"], optimizer["lr"]) == ("sgd", 0.03)
    assert (optimizer["momentum"], optimizer["weight_decay"]) == (0.9, 1e-4)
    assert recipe["schedule"] == {"name": "step", "milestones": [325, 425], "factor": 0.1}
    assert recipe["training"]["n_epochs"] == 500
    assert recipe["training"]["batch_size"] == 128
    assert recipe["training"]["merge_views"] is False
    assert recipe["monitor"]["k"] == 200


def test_the_paper_s_fine_tuning():
    recipe = read_recipe("finetune", kind="supervised")
    optimizer = recipe["optimizer"]
    assert (optimizer["name"], optimizer["lr"]) == ("sgd", 0.01)
    assert (optimizer["momentum"], optimizer["weight_decay"]) == (0.9, 1e-4)
    assert recipe["schedule"] == {"name": "step", "milestones": [80, 160], "factor": 0.1}
    training = recipe["training"]
    assert (training["n_epochs"], training["batch_size"]) == (200, 128)
    assert (training["patch_frames"], training["clip_score"]) == (101, "arithmetic")
    assert recipe["loss"] == {"name": "cross_entropy", "label_smoothing": 0.0}


@pytest.mark.parametrize(("name", "kind"), SHIPPED.items())
def test_a_resolved_recipe_resolves_to_itself(name, kind, tmp_path):
    recipe = read_recipe(name, kind=kind)
    assert resolve_recipe(recipe, kind=kind) == recipe
    (tmp_path / "own.yaml").write_text(write_recipe(recipe))
    assert read_recipe(tmp_path / "own.yaml", kind=kind) == recipe


@pytest.mark.parametrize(("name", "kind"), SHIPPED.items())
def test_all_that_a_recipe_names_can_be_built(name, kind):
    """Each value is in the range of the part that it is for."""
    recipe = read_recipe(name, kind=kind)
    encoder = build_encoder(recipe["encoder"])
    build(OPTIMIZERS, recipe["optimizer"], encoder.parameters())
    build(SCHEDULES, recipe["schedule"])(0.5, recipe["training"]["n_epochs"])
    if kind == "supervised":
        build(CLASSIFICATION_LOSSES, recipe["loss"])
        SupervisedSettings(**recipe["training"])
        return
    build(LOSSES, recipe["loss"])
    PairOfViews(**recipe["views"])
    ProjectionHead(encoder.dim, **recipe["head"])
    TrainingSettings(**recipe["training"])
    KNNMonitor(**recipe["monitor"])


def test_a_recipe_of_the_other_kind_is_refused():
    with pytest.raises(RecipeError, match="of the kind supervised; here take one of default"):
        read_recipe("finetune")
    with pytest.raises(RecipeError, match="of the kind pretraining; here take one of baseline"):
        read_recipe("paper", kind="supervised")


def test_overrides_reach_any_depth():
    recipe = read_recipe(
        "paper", {"loss.temperature": 0.5, "views.mix_back.alpha": 0.3, "views.noise": None}
    )
    assert recipe["loss"]["temperature"] == 0.5
    expected = {"alpha": 0.3, "source": "other_clips", "scale": "power"}
    assert recipe["views"]["mix_back"] == expected
    assert recipe["views"]["noise"] is None


def test_another_part_brings_its_own_arguments():
    recipe = read_recipe("tiny", {"encoder.name": "vgg"})
    assert recipe["encoder"] == {"name": "vgg", "width": 32}
    kept = read_recipe("tiny", {"encoder.name": "resnet18"})
    assert kept["encoder"] == read_recipe("tiny")["encoder"]


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"lss.temperature": 1}, "'lss' is not known: did you mean 'loss'"),
        ({"loss.temprature": 1}, "'temprature' is not known: did you mean 'temperature'"),
        ({"views.mixback": {}}, "'mixback' is not known: did you mean 'mix_back'"),
        ({"views.mix_back.alfa": 1}, "'alfa' is not known: did you mean 'alpha'"),
        ({"encoder.name": "resnet"}, "'resnet' is not known: did you mean 'resnet18'"),
        ({"loss.temperature": "warm"}, "loss.temperature: Expected a"),
        ({"training.n_epochs": 1.5}, "training.n_epochs: Expected a"),
        ({"views.noise": 3}, "views.noise is '3'"),
        ({"loss": {}}, "loss.name is missing"),
        ({"head": 5}, "section 'head' holds '5'"),
        ({"head.in_dim": 5}, "'in_dim' is not known"),
        ({"views.n_bands": 5}, "'n_bands' is not known"),
    ],
)
def test_a_mistake_is_named_with_what_was_meant(overrides, said):
    with pytest.raises(RecipeError) as error:
        read_recipe("paper", overrides)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_recipe(tmp_path):
    for text, said in {"a: [": "no YAML", "- a": "sections", "": "encoder.name"}.items():
        (tmp_path / "r.yaml").write_text(text)
        with pytest.raises(RecipeError, match=said):
            read_recipe(tmp_path / "r.yaml")
    with pytest.raises(RecipeError, match="Did you mean 'paper'"):
        read_recipe("papper")


def test_what_is_left_out_is_filled_in_with_the_constructors_defaults(tmp_path):
    minimal = {
        "encoder": {"name": "vgg"},
        "loss": {"name": "nt_xent"},
        "optimizer": {"name": "adamw"},
        "schedule": {"name": "cosine"},
    }
    (tmp_path / "minimal.yaml").write_text(yaml.safe_dump(minimal))
    recipe = read_recipe(tmp_path / "minimal.yaml")
    assert recipe["loss"]["temperature"] == 0.2
    assert recipe["views"]["patch_frames"] == 101
    assert recipe["views"]["mix_back"] is None
