"""Suggestions for a name that does not exist."""

from collections.abc import Iterable

MOST_CHANGED = 0.4  # of a name's letters: beyond it, two names have little in common


def nearest_name(
    name: str, known: Iterable[str], *, most_changed: float = MOST_CHANGED
) -> str | None:
    """Return the known name with the fewest letters changed, or None if none is similar.

    Args:
        name: the name that does not exist.
        known: the names that do.
        most_changed: share of the letters of the longer name that may be changed.

    >>> nearest_name("temprature", ["alpha", "temperature"])
    'temperature'
    """
    near = [
        (n_changed, each)
        for each in known
        if (n_changed := edit_distance(name, each)) <= most_changed * max(len(name), len(each))
    ]
    return min(near, key=lambda pair: pair[0])[1] if near else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a message, "did you mean 'x'?", or "" if no known name is similar.

    >>> did_you_mean("temprature", ["alpha", "temperature"])
    "did you mean 'temperature'?"
    """
    nearest = nearest_name(name, known)
    return f"did you mean '{nearest}'?" if nearest else ""


def edit_distance(a: str, b: str) -> int:
    """Return how many letters to insert, delete, replace or swap with the next to get b from a.

    >>> edit_distance("alfa", "alpha"), edit_distance("lable", "label")
    (2, 1)
    """
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, start=1):
        two_before, before, row = before, row, [i]
        for j, other in enumerate(b, start=1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != other)))
            if i > 1 and j > 1 and (letter, a[i - 2]) == (b[j - 2], other):
                row[j] = min(row[j], two_before[j - 2] + 1)
    return row[-1]
