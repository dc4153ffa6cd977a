"""The error for a recipe that cannot be used."""

import contextlib
from collections.abc import Iterator


class RecipeError(Exception):
    """A recipe cannot be used; the message is one plain line that names the key and the remedy."""

    exit_code = 2


@contextlib.contextmanager
def recipe_errors() -> Iterator[None]:
    """Turn errors raised while a recipe is built into a `RecipeError` of one line.

    A resolved recipe has only known keys with values of the right type. Whether a value is in range
    is checked by the constructor that takes it, with a `ValueError`. Other errors are of torch and
    numpy: sizes that fit no memory or no integer, and layers that do not fit each other.

    >>> with recipe_errors():
    ...     raise ValueError("alpha must be below 1.")
    Traceback (most recent call last):
    ...
    soundalike.recipes.errors.RecipeError: the recipe cannot be used: alpha must be below 1.
    """
    try:
        yield
    except (ValueError, TypeError, RuntimeError, ArithmeticError, MemoryError) as error:
        reason = str(error).partition("\n")[0] or "it needs too much memory"
        raise RecipeError(f"the recipe cannot be used: {reason}") from None
