"""Recipes on the command line: ``--recipe``, and any key of it as ``--section.key value``."""

import argparse
from typing import TYPE_CHECKING, Any

from soundalike.cli import UsageError

if TYPE_CHECKING:
    from soundalike.audio.log_mel import LogMel

PRETRAINING_RECIPES = (
    "default, paper, quick, simclr, spec_augment, tiny or a YAML file (default: default)"
)


def add_recipe(parser: argparse.ArgumentParser, default: str, help: str, epilog: str) -> None:
    """Add ``--recipe``, and allow any of its keys as an option.

    Args:
        parser: the parser of the command.
        default: name of the recipe used where none is named.
        help: help text of the option.
        epilog: end of the command's help, which shows how to set a key.
    """
    parser.set_defaults(takes_overrides=True)
    parser.epilog = epilog
    parser.add_argument("--recipe", default=default, metavar="NAME|FILE", help=help)


def split_overrides(words: list[str]) -> tuple[list[str], dict[str, str | None]]:
    """Separate ``--section.key value`` and ``--section.key=value`` from the other words.

    Returns:
        The other words, and the text of each override by its option (None: it has no value).

    Raises:
        UsageError: an option follows in place of a value.
    """
    rest: list[str] = []
    overrides: dict[str, str | None] = {}
    remaining = iter(words)
    for word in remaining:
        option, equals, after = word.partition("=")
        if option.startswith("--") and "." in option:
            value = after if equals else next(remaining, None)
            if value is not None and not equals and value.startswith("--"):
                raise UsageError(f"{option} needs a value, but '{value}' follows.")
            overrides[option] = value
        else:
            rest.append(word)
    return rest, overrides


def parse_values(overrides: dict[str, str | None]) -> dict[str, Any]:
    """Parse the values of overrides as YAML.

    Returns:
        Values by ``section.key``.

    Raises:
        UsageError: an option has no value, or one that is not YAML.
    """
    import yaml

    values = {}
    for option, text in overrides.items():
        if text is None:
            raise UsageError(f"{option} needs a value.")
        try:
            values[option.removeprefix("--")] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise UsageError(f"{option}: '{text}' is not a valid YAML value.") from None
    return values


def refuse_fixed_by_model(overrides: dict[str, Any], prefixes: tuple[str, ...]) -> None:
    """Refuse overrides of what the loaded model determines.

    Raises:
        UsageError: a key begins with one of the prefixes.
    """
    for key in overrides:
        if key.startswith(prefixes):
            raise UsageError(f"--{key}: fixed by the loaded model; cannot be overridden.")


def read_front_end(arguments: argparse.Namespace) -> "LogMel":
    """Return the front end of a command's recipe, for a command that uses nothing else of it.

    Raises:
        UsageError: a key of another section is set, or settings contradict each other.
        RecipeError: a key is unknown, or a value has the wrong type.
    """
    from soundalike.recipes.recipe import read_recipe
    from soundalike.training.pretraining_recipe import PRETRAINING

    for key in arguments.overrides:
        if not key.startswith("front_end."):
            raise UsageError(f"--{key}: of a recipe, this command uses only front_end.")
    return front_end_of(read_recipe(arguments.recipe, PRETRAINING, arguments.overrides))


def front_end_of(recipe: dict[str, Any]) -> "LogMel":
    """Return the front end of a recipe.

    Raises:
        UsageError: its settings contradict each other.
    """
    from soundalike.audio.log_mel import LogMel

    try:
        return LogMel(**recipe["front_end"])
    except (ValueError, OverflowError) as error:
        raise UsageError(f"front_end: {error}.") from None
