"""Reading recipes: by name or file, with overrides, and what is refused."""

from pathlib import Path

import pytest
import yaml

from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.recipes.errors import RecipeError
from soundalike.recipes.recipe import read_recipe, recipe_names, recipe_text
from soundalike.training.pretraining_recipe import PRETRAINING


def test_recipe_names_lists_the_recipes_of_a_kind():
    assert recipe_names(PRETRAINING) == [
        "default",
        "paper",
        "quick",
        "simclr",
        "spec_augment",
        "tiny",
    ]
    assert recipe_names(SUPERVISED) == ["baseline", "few_labels", "finetune"]


def test_a_recipe_of_the_other_kind_is_refused():
    with pytest.raises(
        RecipeError, match="is a supervised recipe, not a pretraining recipe: choose one of"
    ):
        read_recipe("finetune", PRETRAINING)
    with pytest.raises(
        RecipeError, match="is a pretraining recipe, not a supervised recipe: choose one of"
    ):
        read_recipe("paper", SUPERVISED)


def test_overrides_reach_any_depth():
    overrides = {"loss.temperature": 0.5, "views.mix_back.alpha": 0.3, "views.noise": None}
    recipe = read_recipe("paper", PRETRAINING, overrides)
    assert recipe["loss"]["temperature"] == 0.5
    expected = {"alpha": 0.3, "source": "other_clips", "scale": "power"}
    assert recipe["views"]["mix_back"] == expected
    assert recipe["views"]["noise"] is None


def test_overriding_a_name_drops_the_arguments_of_the_old_entry():
    recipe = read_recipe("tiny", PRETRAINING, {"encoder.name": "vgg"})
    assert recipe["encoder"] == {"name": "vgg", "width": 32}
    same = read_recipe("tiny", PRETRAINING, {"encoder.name": "resnet18"})
    assert same["encoder"] == read_recipe("tiny", PRETRAINING)["encoder"]


def test_an_argument_may_be_overridden_before_the_name_that_it_belongs_to():
    overrides = {"loss.temperature": 0.05, "optimizer.lr": 0.3, "training.seed": 1}
    names = {"loss.name": "dcl", "optimizer.name": "sgd"}
    recipe = read_recipe("tiny", PRETRAINING, overrides | names)
    assert recipe == read_recipe("tiny", PRETRAINING, names | overrides)
    assert recipe["loss"] == {"name": "dcl", "temperature": 0.05}
    assert recipe["optimizer"]["lr"] == 0.3


def test_a_file_that_is_not_a_recipe_is_refused(tmp_path):
    texts = {
        "a: [": "not valid YAML",
        "[a]: 1": "not valid YAML",
        "- a": "must hold the sections",
        "": "encoder.name",
    }
    for text, message in texts.items():
        (tmp_path / "r.yaml").write_text(text)
        with pytest.raises(RecipeError, match=message):
            read_recipe(tmp_path / "r.yaml", PRETRAINING)


def test_a_key_that_is_set_twice_is_refused(tmp_path):
    (tmp_path / "r.yaml").write_text("views:\n  noise: {}\n  blur: {}\n  noise: null\n")
    with pytest.raises(RecipeError, match=r"noise is set twice in .*, line 4, column 3"):
        read_recipe(tmp_path / "r.yaml", PRETRAINING)
    (tmp_path / "r.yaml").write_text("loss: {name: dcl}\nloss: {name: byol}\n")
    with pytest.raises(RecipeError, match="loss is set twice"):
        read_recipe(tmp_path / "r.yaml", PRETRAINING)


def test_overrides_do_not_change():
    overrides = {"encoder": {"name": "resnet18"}, "encoder.width": 4}
    assert read_recipe("tiny", PRETRAINING, overrides)["encoder"]["width"] == 4
    assert overrides["encoder"] == {"name": "resnet18"}


def test_a_name_that_is_also_a_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("tiny").write_text("training: {n_epochs: 7}\nencoder: {name: vgg}\nloss: {name: dcl}\n")
    for name in ("tiny", "baseline"):
        Path(name).write_text(Path("tiny").read_text())
        with pytest.raises(RecipeError, match=rf"{name}: both a recipe .*write \./{name} for the"):
            recipe_text(name)
        for path in (f"./{name}", Path(name)):
            assert "n_epochs: 7" in recipe_text(path)


def test_a_misspelled_name_gets_a_suggestion():
    with pytest.raises(RecipeError, match="did you mean 'paper'"):
        read_recipe("papper", PRETRAINING)


def test_missing_keys_get_the_defaults_of_the_constructors(tmp_path):
    minimal = {
        "encoder": {"name": "vgg"},
        "loss": {"name": "nt_xent"},
        "optimizer": {"name": "adamw"},
        "schedule": {"name": "cosine"},
    }
    (tmp_path / "minimal.yaml").write_text(yaml.safe_dump(minimal))
    recipe = read_recipe(tmp_path / "minimal.yaml", PRETRAINING)
    assert recipe["loss"]["temperature"] == 0.2
    assert recipe["views"]["patch_frames"] == 101
    assert recipe["views"]["mix_back"] is None
