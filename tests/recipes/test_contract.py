"""Properties of every recipe that comes with the package."""

from importlib import resources

import pytest

from soundalike.audio.log_mel import LogMel
from soundalike.downstream.supervised import SupervisedSettings
from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.embedding.settings import EmbeddingSettings
from soundalike.losses import CLASSIFICATION_LOSSES, LOSSES
from soundalike.models.encoder import build_encoder
from soundalike.models.heads import ProjectionHead
from soundalike.optim import OPTIMIZERS, SCHEDULES
from soundalike.recipes.recipe import RECIPES, read_recipe, recipe_text, write_recipe
from soundalike.recipes.sections import Recipe, RecipeKind, build, resolve_recipe
from soundalike.training.contrastive import TrainingSettings
from soundalike.training.knn_monitor import KNNMonitor
from soundalike.training.pretraining_recipe import PRETRAINING
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
    (tmp_path / "own.yaml").write_text(write_recipe(recipe))
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
