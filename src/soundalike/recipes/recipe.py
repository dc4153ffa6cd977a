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
from typing import Any, Literal

import jsonargparse
import yaml

from soundalike.losses import CLASSIFICATION_LOSSES, LOSSES
from soundalike.models import ENCODERS
from soundalike.optim.optimizers import OPTIMIZERS
from soundalike.optim.schedules import SCHEDULES
from soundalike.views import AUGMENTATIONS

Recipe = dict[str, dict[str, Any]]
Kind = Literal["pretraining", "supervised"]

SECTIONS: dict[Kind, dict[str, str | dict[str, str]]] = {
    "pretraining": {
        "front_end": "soundalike.audio.log_mel:LogMel",
        "views": "soundalike.views.pair:PairOfViews",
        "encoder": ENCODERS,
        "head": "soundalike.models.heads:ProjectionHead",
        "loss": LOSSES,
        "optimizer": OPTIMIZERS,
        "schedule": SCHEDULES,
        "training": "soundalike.training.contrastive:TrainingSettings",
        "monitor": "soundalike.training.knn_monitor:KNNMonitor",
        "embedding": "soundalike.embedding.settings:EmbeddingSettings",
    },
    "supervised": {
        "encoder": ENCODERS,
        "loss": CLASSIFICATION_LOSSES,
        "optimizer": OPTIMIZERS,
        "schedule": SCHEDULES,
        "training": "soundalike.downstream.supervised:SupervisedSettings",
    },
}
"""What each section of a recipe of each kind builds: one constructor, or one of a table."""

SHIPPED: dict[str, Kind] = {
    "default": "pretraining",
    "paper": "pretraining",
    "simclr": "pretraining",
    "spec_augment": "pretraining",
    "tiny": "pretraining",
    "baseline": "supervised",
    "few_labels": "supervised",
    "finetune": "supervised",
}
"""The recipes that come with the package, ``recipes/NAME.yaml``."""

VIEW_PARTS = {"mix_back": "soundalike.views.mix_back:MixBack", **AUGMENTATIONS}

# What the program supplies itself; a recipe that named one would name what cannot be chosen.
_SUPPLIED = {"params", "in_dim", "n_bands", "mean", "std", "augmentations"}


class RecipeError(Exception):
    """A recipe that cannot be used: one plain line that names the key and what to do."""


def read_recipe(
    recipe: str | Path,
    overrides: Mapping[str, Any] | None = None,
    kind: Kind = "pretraining",
) -> Recipe:
    """Read a recipe, change some of its keys, and fill in every argument that it leaves out.

    Args:
        recipe: name of a recipe that comes with the package, or a YAML file.
        overrides: new values by dotted key: ``{"loss.temperature": 0.1}``.
        kind: what it is a recipe for; each kind has its own `SECTIONS`.

    Raises:
        RecipeError: there is no such recipe, an unknown key, or a value of the wrong type.
    """
    sections = _read_yaml(recipe, kind)
    for key, value in (overrides or {}).items():
        _override(sections, key.split("."), value)
    return resolve_recipe(sections, str(recipe), kind)


def write_recipe(recipe: Recipe) -> str:
    """Return a recipe as YAML that `read_recipe` reads again."""
    return yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True)


def recipe_names(kind: Kind = "pretraining") -> list[str]:
    """Return the names of the recipes of a kind that come with the package."""
    return sorted(name for name, of_kind in SHIPPED.items() if of_kind == kind)


def resolve_recipe(
    sections: Mapping[str, Any], name: str = "recipe", kind: Kind = "pretraining"
) -> Recipe:
    """Check every key and value, and fill in the defaults of what is left out.

    Raises:
        RecipeError: an unknown key, or a value of the wrong type.
    """
    _refuse_unknown(sections, SECTIONS[kind], f"{name}: section")
    resolved = {}
    for section, part in SECTIONS[kind].items():
        given = sections.get(section) or {}
        if not isinstance(given, Mapping):
            raise RecipeError(f"{name}: section '{section}' holds '{given}' instead of keys.")
        where = f"{name}: {section}."
        if isinstance(part, dict):
            resolved[section] = _resolve_choice(part, given, where)
        elif section == "views":
            resolved[section] = _resolve_views(part, given, where)
        else:
            resolved[section] = _resolve(part, given, where)
    return resolved


def recipe_text(recipe: str | Path) -> str:
    """Return a recipe as it was written, by name or file.

    Raises:
        RecipeError: there is no such recipe.
    """
    if str(recipe) in SHIPPED:
        return (resources.files("soundalike") / "recipes" / f"{recipe}.yaml").read_text()
    if Path(recipe).is_file():
        return Path(recipe).read_text()
    near = difflib.get_close_matches(str(recipe), SHIPPED, 1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise RecipeError(f"{recipe}: no such recipe file, and none of {', '.join(SHIPPED)}.{hint}")


def build(table: Mapping[str, str], section: Mapping[str, Any], *given: Any) -> Any:
    """Build what a section names in a table; `given` is what no recipe can say.

    Raises:
        ValueError: an argument is out of its range.
    """
    arguments = {key: value for key, value in section.items() if key != "name"}
    return resolve_name(table[section["name"]])(*given, **arguments)


def _read_yaml(recipe: str | Path, kind: Kind) -> dict[str, Any]:
    if SHIPPED.get(str(recipe), kind) != kind:
        raise RecipeError(
            f"{recipe}: a recipe of the kind {SHIPPED[str(recipe)]}; here take one of "
            f"{', '.join(recipe_names(kind))}."
        )
    try:
        sections = yaml.safe_load(recipe_text(recipe)) or {}
    except yaml.YAMLError as error:
        raise RecipeError(f"{recipe}: no YAML ({' '.join(str(error).split())}).") from None
    if not isinstance(sections, dict):
        raise RecipeError(f"{recipe}: a recipe is a list of sections: {', '.join(SECTIONS[kind])}.")
    return sections


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


def _resolve_views(pair: str, given: Mapping[str, Any], where: str) -> dict:
    own = {key: value for key, value in given.items() if key not in VIEW_PARTS}
    resolved = _resolve(pair, own, where, also_known=VIEW_PARTS)
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
