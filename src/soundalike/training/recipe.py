"""Recipes: YAML in which a section is a constructor's arguments.

A section of one constructor holds its arguments. A section of a table of parts holds `name`, the
key in the table, and the arguments of what stands there. So a part's docstring is the manual of
its section, and a key that no code reads cannot exist.
"""

import difflib
import inspect
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import jsonargparse
import yaml

from soundalike.losses import LOSSES
from soundalike.models import ENCODERS
from soundalike.training.optimizers import OPTIMIZERS, SCHEDULES
from soundalike.views import AUGMENTATIONS

Recipe = dict[str, dict[str, Any]]

TABLES = {
    "encoder": ENCODERS,
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
}
CONSTRUCTORS = {
    "log_mel": "soundalike.audio.log_mel:LogMel",
    "views": "soundalike.views.pair:PairOfViews",
    "head": "soundalike.models.heads:ProjectionHead",
    "training": "soundalike.training.contrastive:TrainingSettings",
    "monitor": "soundalike.training.knn_monitor:KNNMonitor",
}
SECTIONS = ("log_mel", "views", "encoder", "head", "loss", "optimizer", "schedule", "training",
            "monitor")  # fmt: skip
VIEW_PARTS = {"mix_back": "soundalike.views.mix_back:MixBack", **AUGMENTATIONS}

# What the program supplies itself; a recipe that named one would name what cannot be chosen.
_SUPPLIED = {"params", "in_dim", "n_bands", "mean", "std", "augmentations"}


class RecipeError(Exception):
    """A recipe that cannot be used: one plain line that names the key and what to do."""


def read_recipe(recipe: str | Path, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Read a recipe, change some of its keys, and fill in every argument that it leaves out.

    Args:
        recipe: name of a recipe that comes with the package, or a YAML file.
        overrides: new values by dotted key: ``{"loss.temperature": 0.1}``.

    Raises:
        RecipeError: there is no such recipe, an unknown key, or a value of the wrong type.
    """
    sections = _read_yaml(recipe)
    for key, value in (overrides or {}).items():
        _override(sections, key.split("."), value)
    return resolve_recipe(sections, str(recipe))


def write_recipe(recipe: Recipe) -> str:
    """Return a recipe as YAML that `read_recipe` reads again."""
    return yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True)


def recipe_names() -> list[str]:
    """Return the names of the recipes that come with the package."""
    return sorted(file.name.removesuffix(".yaml") for file in _shipped() if ".yaml" in file.name)


def resolve_recipe(sections: Mapping[str, Any], name: str = "recipe") -> Recipe:
    """Check every key and value, and fill in the defaults of what is left out.

    Raises:
        RecipeError: an unknown key, or a value of the wrong type.
    """
    _refuse_unknown(sections, SECTIONS, f"{name}: section")
    resolved = {}
    for section in SECTIONS:
        given = sections.get(section) or {}
        if not isinstance(given, Mapping):
            raise RecipeError(f"{name}: section '{section}' holds '{given}' instead of keys.")
        where = f"{name}: {section}."
        if section in TABLES:
            resolved[section] = _resolve_choice(TABLES[section], given, where)
        elif section == "views":
            resolved[section] = _resolve_views(given, where)
        else:
            resolved[section] = _resolve(CONSTRUCTORS[section], given, where)
    return resolved


def recipe_text(recipe: str | Path) -> str:
    """Return a recipe as it was written, by name or file.

    Raises:
        RecipeError: there is no such recipe.
    """
    if str(recipe) in recipe_names():
        return (resources.files("soundalike") / "recipes" / f"{recipe}.yaml").read_text()
    if Path(recipe).is_file():
        return Path(recipe).read_text()
    near = difflib.get_close_matches(str(recipe), recipe_names(), 1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise RecipeError(
        f"{recipe}: no such recipe file, and none of {', '.join(recipe_names())}.{hint}"
    )


def _read_yaml(recipe: str | Path) -> dict[str, Any]:
    try:
        sections = yaml.safe_load(recipe_text(recipe)) or {}
    except yaml.YAMLError as error:
        raise RecipeError(f"{recipe}: no YAML ({' '.join(str(error).split())}).") from None
    if not isinstance(sections, dict):
        raise RecipeError(f"{recipe}: a recipe is a list of sections: {', '.join(SECTIONS)}.")
    return sections


def _shipped() -> list[Any]:
    return list((resources.files("soundalike") / "recipes").iterdir())


def _override(sections: dict[str, Any], keys: list[str], value: Any) -> None:
    *levels, last = keys
    for level in levels:
        if not isinstance(sections.get(level), dict):
            sections[level] = {}
        sections = sections[level]
    if last == "name" and sections.get("name") != value:
        sections.clear()  # the arguments belonged to the part that is replaced
    sections[last] = value


def _resolve_choice(table: Mapping[str, str], given: Mapping[str, Any], where: str) -> dict:
    name = given.get("name")
    if name is None:
        raise RecipeError(f"{where}name is missing: choose one of {', '.join(table)}.")
    _refuse_unknown([str(name)], table, f"{where}name")
    arguments = {key: value for key, value in given.items() if key != "name"}
    return {"name": name, **_resolve(table[name], arguments, where)}


def _resolve_views(given: Mapping[str, Any], where: str) -> dict:
    own = {key: value for key, value in given.items() if key not in VIEW_PARTS}
    resolved = _resolve(CONSTRUCTORS["views"], own, where, also_known=VIEW_PARTS)
    for part, constructor in VIEW_PARTS.items():
        settings = given.get(part)
        resolved[part] = (
            None if settings is None else _resolve(constructor, settings, f"{where}{part}.")
        )
    return resolved


def _resolve(
    constructor: str,
    given: Mapping[str, Any],
    where: str,
    also_known: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Check arguments against a constructor's signature and add its defaults."""
    if not isinstance(given, Mapping):
        raise RecipeError(f"{where.removesuffix('.')} is '{given}': give its keys, or null.")
    part = resolve_name(constructor)
    arguments = [name for name in inspect.signature(part).parameters if name not in _SUPPLIED]
    nested = set(VIEW_PARTS)
    _refuse_unknown(given, [*(set(arguments) - nested), *(also_known or {})], where.rstrip("."))
    parser = jsonargparse.ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(part, skip=_SUPPLIED | nested)
    try:
        values = parser.parse_object(dict(given)).as_dict()
    except jsonargparse.ArgumentError as error:
        key, *reason = str(error).removeprefix("Parser key ").split("\n")
        reasons = " ".join(line.strip() for line in reason)
        raise RecipeError(f"{where}{key.strip(' :').strip(chr(34))}: {reasons}") from None
    return {key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}


def _refuse_unknown(given: Any, known: Any, what: str) -> None:
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(str(key), list(known), 1, cutoff=0.0)[0]
            raise RecipeError(f"{what} '{key}' is not known: did you mean '{near}'?")
