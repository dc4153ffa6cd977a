"""Properties of every recipe that comes with the package."""

import copy
import dataclasses
import math
from collections.abc import Callable, Iterator
from functools import partial
from importlib import resources
from typing import Any

import numpy as np
import pytest

from soundalike.audio.log_mel import LogMel
from soundalike.cli import UsageError
from soundalike.cli.recipe_options import front_end_of
from soundalike.datasets.store import Store
from soundalike.downstream.finetuning import _build_training
from soundalike.downstream.supervised import SupervisedSettings
from soundalike.downstream.supervised import check_recipe as check_supervised
from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.embedding.settings import EmbeddingSettings
from soundalike.losses import CLASSIFICATION_LOSSES, LOSSES
from soundalike.models import ENCODERS
from soundalike.models.encoder import build_encoder
from soundalike.models.heads import ProjectionHead
from soundalike.optim import OPTIMIZERS, SCHEDULES
from soundalike.recipes.errors import RecipeError, recipe_errors
from soundalike.recipes.recipe import (
    RECIPES,
    read_recipe,
    recipe_names,
    recipe_text,
    to_yaml,
)
from soundalike.recipes.sections import Recipe, RecipeKind, build, resolve_recipe
from soundalike.runtime.hardware import choose_hardware
from soundalike.training.construction import build_pretraining
from soundalike.training.contrastive import TrainingSettings
from soundalike.training.knn_monitor import KNNMonitor
from soundalike.training.pretraining_recipe import PRETRAINING
from soundalike.views import AUGMENTATIONS
from soundalike.views.pair import PairOfViews

KINDS = {kind.name: kind for kind in (PRETRAINING, SUPERVISED)}


@pytest.fixture(params=RECIPES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def kind(name: str) -> RecipeKind:
    return KINDS[RECIPES[name]]


@pytest.fixture
def recipe(name: str, kind: RecipeKind) -> Recipe:
    return read_recipe(name, kind)


def test_every_recipe_file_is_in_the_table() -> None:
    files = (resources.files("soundalike") / "recipes").iterdir()
    assert {f.name for f in files if f.name.endswith(".yaml")} == {f"{r}.yaml" for r in RECIPES}


def test_a_recipe_begins_with_a_comment(name) -> None:
    assert recipe_text(name).startswith("# ")


def test_a_recipe_has_every_section_of_its_kind(recipe, kind) -> None:
    assert list(recipe) == list(kind.sections)


def test_a_resolved_recipe_resolves_to_itself(recipe, kind, tmp_path) -> None:
    assert resolve_recipe(recipe, kind) == recipe
    (tmp_path / "own.yaml").write_text(to_yaml(recipe))
    assert read_recipe(tmp_path / "own.yaml", kind) == recipe


def test_every_section_can_be_built(recipe, kind) -> None:
    """Every value is in the range that its constructor accepts."""
    encoder = build_encoder(recipe["encoder"])
    build(OPTIMIZERS, recipe["optimizer"], encoder.parameters())
    build(SCHEDULES, recipe["schedule"])(0.5, recipe["training"]["n_epochs"])
    if kind is SUPERVISED:
        build(CLASSIFICATION_LOSSES, recipe["loss"])
        SupervisedSettings(**recipe["training"])
        return
    build(LOSSES, recipe["loss"])
    LogMel(**recipe["front_end"])
    PairOfViews(**recipe["views"])
    ProjectionHead(encoder.dim, **recipe["head"])
    TrainingSettings(**recipe["training"])
    KNNMonitor(**recipe["monitor"])
    EmbeddingSettings(**recipe["embedding"])


def test_the_paper_recipe_is_the_released_configuration():
    """Value for value: Fonseca et al. 2021 and the configuration they released."""
    recipe = read_recipe("paper", PRETRAINING)
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
        "level": "peak",
    }
    assert recipe["views"] == {
        "patch_frames": 101,
        "patch_sampling": "random",
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


def test_the_finetune_recipe_is_the_released_fine_tuning():
    recipe = read_recipe("finetune", SUPERVISED)
    optimizer = recipe["optimizer"]
    assert (optimizer["name"], optimizer["lr"]) == ("sgd", 0.01)
    assert (optimizer["momentum"], optimizer["weight_decay"]) == (0.9, 1e-4)
    assert recipe["schedule"] == {"name": "step", "milestones": [80, 160], "factor": 0.1}
    training = recipe["training"]
    assert (training["n_epochs"], training["batch_size"]) == (200, 128)
    assert (training["patch_frames"], training["clip_score"]) == (101, "arithmetic")
    assert recipe["loss"] == {"name": "cross_entropy", "label_smoothing": 0.0}


SMALL = {
    "encoder": {"name": "resnet18", "width": 4},
    "head.hidden_dim": 8,
    "head.out_dim": 8,
    "training.batch_size": 3,
    "training.precision": "32-true",
}
ODD_VALUES = [0, -1, -0.5, 2**70, 1e30, math.nan, math.inf, "text", None, [], [1, 2, 3]]


def keys_of(section: dict[str, Any], prefix: str) -> Iterator[str]:
    for key, value in section.items():
        yield prefix + key
        if isinstance(value, dict):
            yield from keys_of(value, f"{prefix}{key}.")


def odd_recipes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield keys of every section, and the settings beside which each of them is set."""
    for key in keys_of(read_recipe("paper", PRETRAINING, copy.deepcopy(SMALL)), ""):
        yield key, {}
    tables = {"encoder": ENCODERS, "loss": LOSSES, "optimizer": OPTIMIZERS, "schedule": SCHEDULES}
    required = {"optimizer": {"lr": 0.01}, "step": {"milestones": [1]}}
    for name, table in tables.items():
        for entry in table.keys() - {"timm"}:
            section = {"name": entry, **required.get(name, {}), **required.get(entry, {})}
            recipe = read_recipe("paper", PRETRAINING, {name: dict(section)})
            for key in keys_of(recipe[name], f"{name}."):
                yield key, {name: section}
    for name in AUGMENTATIONS:
        recipe = read_recipe("paper", PRETRAINING, {f"views.{name}": {}})
        for key in keys_of(recipe["views"][name], f"views.{name}."):
            yield key, {f"views.{name}": {}}


def take_a_step(overrides: dict[str, Any], store: Store) -> None:
    """Do what `pretrain` does up to the first step."""
    recipe = read_recipe("paper", PRETRAINING, copy.deepcopy(SMALL | overrides))
    front_end_of(recipe)
    settings = recipe["training"]
    hardware = choose_hardware(settings["precision"], settings["memory_format"])
    with recipe_errors():
        KNNMonitor(**recipe["monitor"])
        parts = build_pretraining(store, recipe, hardware)
    parts.training.step(0)


def has_several_lines(step: Callable[[], None]) -> bool:
    """Tell whether a step is refused in several lines; other errors are raised."""
    try:
        step()
    except (RecipeError, UsageError) as refusal:
        return "\n" in str(refusal)
    return False


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"encoder": {"name": "crnn"}, "front_end.n_mels": 64}, "80 to 119 bands, got 64"),
        ({"encoder": {"name": "vgg"}, "views.patch_frames": 7}, "at least 8"),
        ({"training.precision": "16-true"}, "precision"),
        ({"training.precision": "64-true"}, "precision"),
        ({"front_end.hop_length": 2**70}, "hop_length must be at most"),
        ({"head.hidden_dim": 2**70}, "cannot be used"),
        ({"head.hidden_dim": None}, "head.hidden_dim is null"),
        ({"views.spec_augment": {"n_time_masks": 2**70}}, "at most 1000 masks"),
        ({"schedule.factor": 1e30}, "factor from 0 to 1"),
    ],
)
def test_odd_values_are_refused_in_one_line(overrides, message, store) -> None:
    n_mels = overrides.get("front_end.n_mels", 96)
    front_end = dataclasses.replace(store.front_end, n_mels=n_mels)
    store = dataclasses.replace(store, frames=store.frames[:, :n_mels], front_end=front_end)
    with pytest.raises((RecipeError, UsageError), match=message) as refusal:
        take_a_step(overrides, store)
    assert "\n" not in str(refusal.value)


def odd_supervised_recipes() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield recipes, keys of them, and the settings beside which each of these is set."""
    for name in recipe_names(SUPERVISED):
        recipe = read_recipe(name, SUPERVISED)
        for key in keys_of(recipe, ""):
            yield name, key, {}
    for loss in CLASSIFICATION_LOSSES:
        recipe = read_recipe("finetune", SUPERVISED, {"loss": {"name": loss}})
        for key in keys_of(recipe["loss"], "loss."):
            yield "finetune", key, {"loss": {"name": loss}}


SMALL_SUPERVISED = {
    "encoder": {"name": "resnet18", "width": 4},
    "training.batch_size": 3,
    "training.precision": "32-true",
    "training.linear_probe_init": False,
}


def take_a_supervised_step(name: str, overrides: dict[str, Any], store: Store) -> None:
    """Do what `evaluate --protocol finetune` does up to the first step."""
    recipe = read_recipe(name, SUPERVISED, copy.deepcopy(SMALL_SUPERVISED | overrides))
    check_supervised(recipe)
    settings = recipe["training"]
    hardware = choose_hardware(settings["precision"], settings["memory_format"])
    with recipe_errors():
        training = _build_training(store, store.clips.labels(), recipe, hardware, None)
    training.step(0)


@pytest.mark.slow
def test_every_supervised_key_with_an_odd_value_runs_or_is_refused_in_one_line(store) -> None:
    store = store.select(np.arange(6))
    for name, key, settings in odd_supervised_recipes():
        for value in ODD_VALUES:
            overrides = {**settings, key: value}
            assert not has_several_lines(partial(take_a_supervised_step, name, overrides, store))


@pytest.mark.slow
def test_every_key_with_an_odd_value_runs_or_is_refused_in_one_line(store) -> None:
    store = store.select(np.arange(6))
    for key, settings in odd_recipes():
        for value in ODD_VALUES:
            assert not has_several_lines(partial(take_a_step, {**settings, key: value}, store))
