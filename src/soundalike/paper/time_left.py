"""Estimate the remaining time from the time that similar work took."""

from collections.abc import Iterable

Kind = tuple[str, ...]
"""Describes a piece of work: a word for each property that affects its duration, those that affect
it most first."""


class TimeLeft:
    """Measured times of pieces of work, by their kind.

    >>> left = TimeLeft()
    >>> left.add(("linear", "vgg"), 10.0)
    >>> left.add(("clean", "vgg"), 30.0)
    >>> left.of([("linear", "vgg"), ("linear", "crnn"), ("clean", "vgg")])
    50.0
    """

    def __init__(self) -> None:
        self._seconds: dict[Kind, list[float]] = {}

    def add(self, kind: Kind, seconds: float) -> None:
        """Record how long a piece of work took."""
        self._seconds.setdefault(kind, []).append(seconds)

    def of(self, kinds: Iterable[Kind]) -> float:
        """Return how long these pieces of work will take; NaN if nothing was measured yet."""
        return sum(self._of_one(kind) for kind in kinds)

    def _of_one(self, kind: Kind) -> float:
        """Return the mean duration of this kind of work, or of the most similar kinds.

        Those are most similar that agree in the first property, among them those that agree in the
        second, and so on.
        """
        if not self._seconds:
            return float("nan")
        likeness = {known: [*map(str.__eq__, known, kind)] for known in self._seconds}
        nearest = max(likeness.values())
        means = [
            sum(seconds) / len(seconds)
            for known, seconds in self._seconds.items()
            if likeness[known] == nearest
        ]
        return sum(means) / len(means)
