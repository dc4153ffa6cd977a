"""A recipe as YAML with comments: what each key means, in the words of the docstrings."""

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from soundalike.recipes.sections import Arguments, Choice, Recipe, RecipeKind
from soundalike.recipes.signatures import descriptions, parameters, summary

WIDTH = 100


def commented_recipe(recipe: Recipe, kind: RecipeKind) -> str:
    """Return a resolved recipe as YAML, with a comment above every key.

    Args:
        recipe: the recipe.
        kind: its kind.
    """
    lines = [
        line
        for name, section in kind.sections.items()
        for line in _section(name, section, recipe[name])
    ]
    return "\n".join(lines) + "\n"


def _section(name: str, section: Arguments | Choice, settings: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(section, Arguments):
        yield from _comment(summary(section.constructor), "")
        yield f"{name}:"
        yield from _keys(section, settings)
        return
    chosen = Arguments(section.table[settings["name"]], section.supplied)
    yield f"{name}:"
    others = f"One of {', '.join(section.table)}."
    yield from _comment(f"{summary(chosen.constructor)} {others}", "  ")
    yield f"  name: {settings['name']}"
    yield from _keys(chosen, {key: value for key, value in settings.items() if key != "name"})


def _keys(section: Arguments, settings: Mapping[str, Any], indent: str = "  ") -> Iterator[str]:
    """Yield the lines of the arguments of a section."""
    texts = descriptions(section.constructor)
    for key, value in settings.items():
        if key not in section.parts:
            yield from _comment(texts[key], indent)
            yield f"{indent}{key}: {_value(value)}"
            continue
        part = section.parts[key]
        if value:
            yield from _comment(summary(part), indent)
            yield f"{indent}{key}:"
            yield from _keys(Arguments(part), value, f"{indent}  ")
        else:
            names = ", ".join(each.name for each in parameters(part))
            yield from _comment(f"{summary(part)} Keys: {names or 'none'}.", indent)
            yield f"{indent}{key}: {_value(value)}"


def _comment(text: str, indent: str) -> list[str]:
    text = text[0].upper() + text[1:]
    return textwrap.wrap(text, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")


def _value(value: Any) -> str:
    """Return a value as YAML in one line."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    return str(text).removesuffix("...\n").strip()
