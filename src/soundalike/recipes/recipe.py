"""Read and write recipes: YAML files with a section for each part of a training."""

import copy
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from soundalike.recipes.errors import RecipeError
from soundalike.recipes.sections import Recipe, RecipeKind, resolve_recipe
from soundalike.runtime.suggestions import did_you_mean

RECIPES = {
    "default": "pretraining",
    "paper": "pretraining",
    "quick": "pretraining",
    "simclr": "pretraining",
    "spec_augment": "pretraining",
    "tiny": "pretraining",
    "baseline": "supervised",
    "few_labels": "supervised",
    "finetune": "supervised",
}
"""The kind of each recipe that comes with the package as ``recipes/NAME.yaml``."""


def read_recipe(
    recipe: str | Path, kind: RecipeKind, overrides: Mapping[str, Any] | None = None
) -> Recipe:
    """Read a recipe, override some of its keys, and fill in the defaults of missing keys.

    Args:
        recipe: name of a recipe that comes with the package, or a YAML file.
        kind: what the recipe is for, such as `soundalike.training.pretraining_recipe.PRETRAINING`.
        overrides: new values by dotted key: ``{"loss.temperature": 0.1}``, in any order; where
            ``loss.name`` is among them, the others are arguments of that loss.

    Raises:
        RecipeError: the recipe does not exist or is of another kind, a key is unknown, or a value
            has the wrong type.
    """
    settings = _read_yaml(recipe, kind)
    for keys, value in _names_first(overrides or {}):
        _override(settings, keys, value)
    return resolve_recipe(settings, kind, str(recipe))


def to_yaml(settings: Mapping[str, Any]) -> str:
    """Return settings as YAML, in their order; `read_recipe` can read that of a recipe."""
    return yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True)


def recipe_names(kind: RecipeKind) -> list[str]:
    """Return the names of the shipped recipes of a kind, sorted."""
    return sorted(name for name, kind_name in RECIPES.items() if kind_name == kind.name)


def recipe_text(recipe: str | Path) -> str:
    """Return the YAML text of a recipe, given its name or file.

    Raises:
        RecipeError: the recipe does not exist, or its name is also that of a file.
    """
    if isinstance(recipe, str) and recipe in RECIPES:
        if Path(recipe).is_file():
            raise RecipeError(
                f"{recipe}: both a recipe that comes with soundalike and a file here: write "
                f"./{recipe} for the file; for the other one, rename the file."
            )
        return (resources.files("soundalike") / "recipes" / f"{recipe}.yaml").read_text()
    if Path(recipe).is_file():
        return Path(recipe).read_text(encoding="utf-8")
    hint = did_you_mean(str(recipe), RECIPES)
    raise RecipeError(
        f"{recipe}: neither a file nor one of the recipes {', '.join(RECIPES)}"
        f"{f': {hint}' if hint else '.'}"
    )


class _UniqueKeys(yaml.SafeLoader):
    """Reads plain values, and refuses a key that is set twice; YAML itself uses the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping.

        Raises:
            yaml.YAMLError: a key is set twice.
        """
        names: set[str] = set()
        for key, _ in node.value:
            if (name := str(key.value)) in names:
                raise yaml.MarkedYAMLError(None, None, f"{name} is set twice", key.start_mark)
            names.add(name)
        return super().construct_mapping(node, deep)


def _read_yaml(recipe: str | Path, kind: RecipeKind) -> dict[str, Any]:
    if isinstance(recipe, str) and RECIPES.get(recipe, kind.name) != kind.name:
        raise RecipeError(
            f"{recipe} is a {RECIPES[recipe]} recipe, not a {kind.name} recipe: choose one of "
            f"{', '.join(recipe_names(kind))}."
        )
    try:
        settings = _UniqueKeys(recipe_text(recipe)).get_single_data() or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"{recipe}: not valid YAML ({' '.join(str(error).split())}).") from None
    if not isinstance(settings, dict):
        raise RecipeError(
            f"{recipe}: not a recipe: it must hold the sections {', '.join(kind.sections)}."
        )
    return settings


def _names_first(overrides: Mapping[str, Any]) -> list[tuple[list[str], Any]]:
    """Return the nested keys and the value of overrides: whole sections, names, then arguments.

    A section or a name that is set later would delete the arguments that were set before.
    """
    split = [(key.split("."), value) for key, value in copy.deepcopy(dict(overrides)).items()]
    return sorted(split, key=lambda each: (len(each[0]) > 1, each[0][-1] != "name"))


def _override(settings: dict[str, Any], keys: list[str], value: Any) -> None:
    """Set a value by its nested keys, and make the levels that are missing."""
    *levels, last = keys
    for level in levels:
        if not isinstance(settings.get(level), dict):
            settings[level] = {}
        settings = settings[level]
    if last == "name" and settings.get("name") != value:
        settings.clear()  # the arguments belong to the entry that is replaced
    settings[last] = value
