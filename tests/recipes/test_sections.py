"""Sections: arguments, choices and optional parts, checked against small constructors."""

import pytest

from soundalike.downstream.supervised_recipe import SUPERVISED
from soundalike.recipes.errors import RecipeError
from soundalike.recipes.recipe import read_recipe
from soundalike.recipes.sections import (
    Arguments,
    Choice,
    RecipeKind,
    build,
    in_words,
    resolve_recipe,
)
from soundalike.recipes.signatures import parameters
from soundalike.training.pretraining_recipe import PRETRAINING

TABLE = {
    "round": "soundalike.models.heads:ProjectionHead",
    "slow": "soundalike.optim.schedules:CosineSchedule",
}
KIND = RecipeKind(
    "cooking",
    {
        "loss": Arguments("soundalike.losses.nt_xent:NTXent"),
        "dish": Choice(TABLE, supplied=frozenset({"in_dim"})),
        "views": Arguments(
            "soundalike.views.pair:PairOfViews",
            supplied=frozenset({"mean", "std", "n_bands"}),
            parts={"noise": "soundalike.views.noise:Noise"},
        ),
    },
)


def test_defaults_are_filled_in_and_missing_parts_are_null():
    recipe = resolve_recipe({"dish": {"name": "slow"}}, KIND)
    assert recipe["loss"] == {"temperature": 0.2}
    assert recipe["dish"] == {"name": "slow", "n_warmup_epochs": 0.0}
    assert recipe["views"]["noise"] is None
    assert "mean" not in recipe["views"]
    assert "augmentations" not in recipe["views"], "arbitrary keywords are no argument"


def test_an_empty_part_has_its_defaults():
    recipe = resolve_recipe({"dish": {"name": "slow"}, "views": {"noise": {}}}, KIND)
    assert recipe["views"]["noise"] == {"highest_std": 0.01}


def test_supplied_arguments_are_refused_in_a_choice_too():
    recipe = resolve_recipe({"dish": {"name": "round"}}, KIND)
    assert "in_dim" not in recipe["dish"]
    with pytest.raises(RecipeError, match="dish 'in_dim' is not known"):
        resolve_recipe({"dish": {"name": "round", "in_dim": 3}}, KIND)


def test_build_calls_the_chosen_constructor():
    schedule = build(TABLE, {"name": "slow", "n_warmup_epochs": 2.0})
    assert schedule(1, 10) == 0.5
    assert build(TABLE, {"name": "round", "out_dim": 3}, 7).out.out_features == 3


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"lss.temperature": 1}, "'lss' is not known: did you mean 'loss'"),
        ({"loss.temprature": 1}, "'temprature' is not known: did you mean 'temperature'"),
        ({"views.mixback": {}}, "'mixback' is not known: did you mean 'mix_back'"),
        ({"views.mix_back.alfa": 1}, "'alfa' is not known: did you mean 'alpha'"),
        ({"encoder.name": "resnet"}, "'resnet' is not known: did you mean 'resnet18'"),
        ({"loss.temperature": "warm"}, "loss.temperature: expected a number, got warm"),
        ({"training.n_epochs": 1.5}, "training.n_epochs: expected a whole number, got 1.5"),
        ({"training.precision": "fp8"}, "training.precision: expected one of 'auto', '32-true', "),
        ({"views.distance_frames": 0.5}, "distance_frames: expected a whole number or null, got 0"),
        ({"training.segment_s": "long"}, "segment_s: expected a number or null, got long"),
        ({"schedule.milestones": 3}, "milestones: expected a list of whole numbers, got 3"),
        ({"schedule.milestones": [3, "x"]}, "expected a list of whole numbers, got [3, 'x']"),
        ({"optimizer": {"name": "adam", "betas": [1]}}, "betas: expected a list of 2 numbers, got"),
        ({"embedding.intermediate_features": 2}, "expected a list of texts, got 2"),
        ({"views.blur": {"sigma": "big"}}, "views.blur.sigma: expected a list of numbers, got big"),
        ({"encoder": {"name": "timm", "arguments": 1}}, "expected keys with values or null, got 1"),
        ({"training.max_minutes": 5}, "'max_minutes' is not known: choose from n_epochs, batch"),
        (
            {"encoder": {"name": "fsdnoisy18k_baseline", "n": 5}},
            "'n' is not known: there are none",
        ),
        ({"optimizer": {"name": "lars"}}, "optimizer.lr is missing: it has no default"),
        ({"training.merge_views": 2}, "training.merge_views: expected true or false, got 2"),
        ({"views.noise": 3}, "views.noise must hold keys, got '3'"),
        ({"loss": {}}, "loss.name is missing"),
        ({"head": 5}, "head must hold keys, got '5'"),
        ({"head.in_dim": 5}, "'in_dim' is not known"),
        ({"views.n_bands": 5}, "'n_bands' is not known"),
    ],
)
def test_an_invalid_key_or_value_is_named(overrides, message):
    with pytest.raises(RecipeError) as error:
        read_recipe("paper", PRETRAINING, overrides)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def constructors() -> list[tuple[str, frozenset[str]]]:
    """Return every constructor of a recipe, with the arguments that no recipe sets."""
    pairs = []
    for section in (*PRETRAINING.sections.values(), *SUPERVISED.sections.values()):
        if isinstance(section, Choice):
            pairs += [(constructor, section.supplied) for constructor in section.table.values()]
        else:
            pairs += [(constructor, frozenset()) for constructor in section.parts.values()]
            pairs.append((section.constructor, section.supplied | set(section.parts)))
    return pairs


def test_what_was_expected_is_said_in_words_for_every_key():
    for constructor, supplied in constructors():
        kind = RecipeKind("any", {"part": Arguments(constructor, supplied)})
        known = parameters(constructor, supplied)
        required = {"lr": 0.1, "milestones": [1]}
        required = {each.name: required[each.name] for each in known if each.default is each.empty}
        for each in known:
            with pytest.raises(RecipeError) as refusal:
                resolve_recipe({"part": {**required, each.name: [{}]}}, kind)
            expected = f"part.{each.name}: expected {in_words(each.annotation)}, got [{{}}]"
            assert expected in str(refusal.value)
