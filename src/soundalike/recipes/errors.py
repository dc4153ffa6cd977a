"""The error for a recipe that cannot be used."""

import contextlib
from collections.abc import Iterator


class RecipeError(Exception):
    """A recipe cannot be used; the message is one plain line that names the key and the remedy."""

    exit_code = 2


@contextlib.contextmanager
def recipe_errors() -> Iterator[None]:
    """Turn a `ValueError` raised while a recipe is built into a `RecipeError`.

    A resolved recipe has only known keys with values of the right type. Whether a value is in range
    is checked by the constructor that takes it, with a `ValueError`.

    >>> with recipe_errors():
    ...     raise ValueError("alpha must be below 1.")
    Traceback (most recent call last):
    ...
    soundalike.recipes.errors.RecipeError: the recipe cannot be used: alpha must be below 1.
    """
    try:
        yield
    except ValueError as error:
        raise RecipeError(f"the recipe cannot be used: {error}") from None
