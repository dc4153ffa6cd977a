"""Suggestions for a name that does not exist."""

import difflib
from collections.abc import Iterable

SIMILARITY = 0.6  # below it, two names have little in common


def nearest_name(
    name: str, known: Iterable[str], *, always: bool = False, similarity: float = SIMILARITY
) -> str | None:
    """Return the known name most similar to `name`, or None if none is similar.

    Args:
        name: the name that does not exist.
        known: the names that do.
        always: if true, return the most similar name however different it is.
        similarity: a name is similar from this ratio of `difflib` on.

    >>> nearest_name("temprature", ["alpha", "temperature"])
    'temperature'
    """
    names = difflib.get_close_matches(name, list(known), 1, cutoff=0.0 if always else similarity)
    return names[0] if names else None


def did_you_mean(name: str, known: Iterable[str], *, always: bool = False) -> str:
    """Return the end of a message, "did you mean 'x'?", or "" if no known name is similar.

    >>> did_you_mean("temprature", ["alpha", "temperature"])
    "did you mean 'temperature'?"
    """
    nearest = nearest_name(name, known, always=always)
    return f"did you mean '{nearest}'?" if nearest else ""
