"""What the sections of a recipe may hold, and how they are checked and built.

A section holds the keyword arguments of a constructor. So a constructor's docstring is the manual
of its section, and a key that no code reads cannot exist. Constructors are import strings:
``package.module:Class``.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from inspect import Parameter
from pkgutil import resolve_name
from typing import Any, Literal, get_args, get_origin

import jsonargparse

from soundalike.recipes.errors import RecipeError
from soundalike.recipes.signatures import parameters
from soundalike.runtime.suggestions import did_you_mean

Recipe = dict[str, dict[str, Any]]
"""A resolved recipe: the arguments of every section, defaults included."""


_IN_WORDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    dict: "keys with values",
    type(None): "null",
}
_ITEMS = {int: "whole numbers", float: "numbers", str: "texts"}


@dataclass(frozen=True)
class Arguments:
    """A section that holds the arguments of one constructor.

    Args:
        constructor: import string.
        supplied: arguments that the program passes itself, so that no recipe may set them.
        parts: optional parts by name, each with an import string; a part that is null or
            missing is not used; any other holds the arguments of its constructor.
    """

    constructor: str
    supplied: frozenset[str] = frozenset()
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """A section that chooses an entry of a table by `name`, and holds the arguments of that entry.

    Args:
        table: import strings of constructors by name.
        supplied: arguments that the program passes itself, so that no recipe may set them.
    """

    table: Mapping[str, str]
    supplied: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RecipeKind:
    """What a recipe of one kind of training consists of.

    Args:
        name: the kind, as in `soundalike.recipes.recipe.RECIPES`.
        sections: by name, in the order in which a resolved recipe lists them.
    """

    name: str
    sections: Mapping[str, Arguments | Choice]


def resolve_recipe(settings: Mapping[str, Any], kind: RecipeKind, name: str = "recipe") -> Recipe:
    """Check every key and value of a recipe, and fill in the defaults of missing keys.

    Args:
        settings: the settings of each section.
        kind: the kind of recipe.
        name: what error messages call the recipe.

    Raises:
        RecipeError: a key is unknown, or a value has the wrong type.
    """
    _refuse_unknown(settings, kind.sections, f"{name}: section")
    return {
        key: _resolve_section(section, settings.get(key) or {}, f"{name}: {key}")
        for key, section in kind.sections.items()
    }


def build(table: Mapping[str, str], section: Mapping[str, Any], *supplied: Any) -> Any:
    """Call the constructor that a resolved section chooses.

    Args:
        table: the table that the section chooses from.
        section: `name` and the arguments of that entry.
        *supplied: positional arguments that no recipe holds.

    Raises:
        ValueError: an argument is out of range.
    """
    arguments = {key: value for key, value in section.items() if key != "name"}
    return resolve_name(table[section["name"]])(*supplied, **arguments)


def _resolve_section(section: Arguments | Choice, settings: Any, where: str) -> dict[str, Any]:
    if not isinstance(settings, Mapping):
        raise RecipeError(f"{where} must hold keys, got '{settings}'.")
    if isinstance(section, Arguments):
        return _resolve_arguments(section, settings, where)
    name = settings.get("name")
    if name is None:
        raise RecipeError(f"{where}.name is missing: choose one of {', '.join(section.table)}.")
    _refuse_unknown([str(name)], section.table, f"{where}.name")
    arguments = {key: value for key, value in settings.items() if key != "name"}
    chosen = Arguments(section.table[name], section.supplied)
    return {"name": name, **_resolve_arguments(chosen, arguments, where)}


def _resolve_arguments(
    section: Arguments, settings: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """Check arguments against the signature of their constructor, and fill in its defaults."""
    skip = section.supplied | set(section.parts)
    known = parameters(section.constructor, skip)
    _refuse_unknown(settings, [*(each.name for each in known), *section.parts], where)
    own = {key: value for key, value in settings.items() if key not in section.parts}
    for each in known:
        if each.name not in own and each.default is each.empty:
            raise RecipeError(f"{where}.{each.name} is missing: it has no default.")
        if own.get(each.name, 0) is None and type(None) not in get_args(each.annotation):
            raise RecipeError(f"{where}.{each.name} is null and needs a value.")
    try:
        values = _parser(section.constructor, skip).parse_object(own).as_dict()
    except jsonargparse.ArgumentError as error:
        raise RecipeError(f"{where}.{_reason(error, known, own)}") from None
    resolved = {key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}
    for part, part_constructor in section.parts.items():
        part_settings = settings.get(part)
        resolved[part] = (
            None
            if part_settings is None
            else _resolve_section(Arguments(part_constructor), part_settings, f"{where}.{part}")
        )
    return resolved


@cache
def _parser(constructor: str, skip: frozenset[str]) -> jsonargparse.ArgumentParser:
    """Return what checks the arguments of a constructor; building it takes most of the time."""
    parser = jsonargparse.ArgumentParser(exit_on_error=False)
    for each in parameters(constructor, skip):
        if each.default is each.empty:
            parser.add_argument(f"--{each.name}", type=each.annotation, required=True)
        else:
            parser.add_argument(f"--{each.name}", type=each.annotation, default=each.default)
    return parser


def _reason(error: Exception, known: Iterable[Parameter], values: Mapping[str, Any]) -> str:
    """Say in one line which of the values is wrong and what was expected, without types."""
    wrong = [each for each in known if f'"{each.name}"' in str(error).partition("\n")[0]]
    if not wrong:
        return " ".join(str(error).split())
    name, annotation = wrong[0].name, wrong[0].annotation
    value = " ".join(str(values.get(name)).split())
    return f"{name}: expected {in_words(annotation)}, got {value}"


def in_words(annotation: Any) -> str:
    """Return what values a type allows.

    >>> in_words(int | None), in_words(list[float])
    ('a whole number or null', 'a list of numbers')
    """
    kind, arguments = get_origin(annotation) or annotation, get_args(annotation)
    if kind is Literal:
        return f"one of {', '.join(map(repr, arguments))}"
    if kind in (list, tuple, Sequence):
        length = f"{len(arguments)} " if kind is tuple else ""
        return f"a list of {length}{_ITEMS[arguments[0]]}"
    return _IN_WORDS.get(kind) or " or ".join(map(in_words, arguments))


def _refuse_unknown(keys: Iterable[Any], known: Collection[str], what: str) -> None:
    for key in keys:
        if key not in known:
            hint = did_you_mean(str(key), known)
            choices = f"choose from {', '.join(known)}." if known else "there are none."
            raise RecipeError(f"{what} '{key}' is not known: {hint or choices}")
