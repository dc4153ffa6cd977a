"""Which of the paper's findings hold here.

Two rows are compared by the differences of their scores with the same seeds: the mean difference
and its 95% interval by Student's t.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from soundalike.evaluation.intervals import t_interval
from soundalike.paper.claims import Claim, Pair
from soundalike.paper.results import Summary, interval_method
from soundalike.paper.rows import Table

Summaries = Mapping[str, Mapping[str, Summary]]
"""By the names of table and row."""

ROUNDING = 1e-9  # between differences that are the same
TOO_FEW = "not decided: at least two seeds are needed."


@dataclass(frozen=True)
class Difference:
    """How far one row is above the mean of others, for each seed that all of them have.

    Args:
        by_seed: differences of scores in [0, 1].
        level: confidence level of the interval.
    """

    by_seed: Sequence[float]
    level: float = 0.95

    @classmethod
    def of(
        cls, above: Mapping[int, float], below: Sequence[Mapping[int, float]], level: float = 0.95
    ) -> "Difference":
        """Compare scores by seed."""
        seeds = sorted(set(above).intersection(*below))
        return cls([above[s] - float(np.mean([row[s] for row in below])) for s in seeds], level)

    @property
    def interval(self) -> tuple[float, float]:
        """Confidence interval of the mean over seeds; NaN for fewer than two seeds."""
        return t_interval(self.by_seed, self.level)

    @property
    def side(self) -> Literal["above", "below", "open"]:
        """Whether the whole interval is above zero, below zero, or neither ("open").

        With few test clips, all seeds may have the same difference by chance. Then their spread
        says nothing, and the sign test decides: at 95%, it takes six seeds.
        """
        low, high = self.interval
        if high - low < ROUNDING and 2 * 0.5 ** len(self.by_seed) > 1 - self.level:
            return "open"
        return "above" if low > 0 else "below" if high < 0 else "open"

    @property
    def points(self) -> str:
        """Mean over seeds in points, without its sign.

        >>> Difference([0.04, 0.05]).points, Difference([-0.01, -0.02]).points
        ('4.5 points', '1.5 points')
        """
        return f"{100 * abs(np.mean(self.by_seed)):.1f} points"

    @property
    def sign(self) -> Literal["above", "below"]:
        """Whether the mean is above or below zero."""
        return "above" if np.mean(self.by_seed) >= 0 else "below"

    @property
    def points_interval(self) -> str:
        """Confidence interval of `points`.

        >>> Difference([-0.01, -0.02, -0.03]).points_interval
        '−0.5 to 4.5'
        """
        low, high = self.interval
        if self.sign == "below":
            low, high = -high, -low
        return f"{100 * low:.1f} to {100 * high:.1f}".replace("-", "−")


@dataclass(frozen=True)
class Comparison:
    """A row and what it should score above.

    Args:
        above: the row, as "table/row".
        below: the row, or those whose mean, it is compared with.
        difference: mean difference of their scores over seeds; None without a seed.
        lower: lower end of the interval of the mean difference; None for fewer than two seeds.
        upper: its upper end.
        level: confidence level of the interval.
        method: how it was computed, or why there is none.
        n_seeds: number of seeds that all of the rows have.
    """

    above: str
    below: list[str]
    difference: float | None
    lower: float | None
    upper: float | None
    level: float
    method: str
    n_seeds: int


@dataclass(frozen=True)
class Finding:
    """What became of a finding of the paper.

    Args:
        number: in the list of findings.
        sentence: the finding in words.
        outcome: "holds here", "does not hold here", or "not decided" and why.
        verdict: the outcome with its numbers, in words.
        comparisons: the numbers.
    """

    number: str
    sentence: str
    outcome: str
    verdict: str
    comparisons: list[Comparison]


def finding(claim: Claim, summaries: Summaries) -> Finding:
    """Return what becomes of a claim, as `verdict` says it, with all numbers."""
    comparisons = []
    for pair in claim.pairs:
        difference = _difference(pair, summaries, _level(claim))
        n_seeds = len(difference.by_seed)
        lower, upper = difference.interval if n_seeds >= 2 else (None, None)
        mean = float(np.mean(difference.by_seed)) if n_seeds else None
        method = interval_method(n_seeds)
        comparisons.append(
            Comparison(
                pair.above, [*pair.below], mean, lower, upper, difference.level, method, n_seeds
            )
        )
    words = verdict(claim, summaries)
    return Finding(claim.number, claim.sentence, words.partition(":")[0], words, comparisons)


def verdict(claim: Claim, summaries: Summaries) -> str:
    """Say whether a claim holds here, does not hold, or is not decided, with the numbers.

    Args:
        claim: a finding of the paper.
        summaries: of the rows it compares; if rows are missing, it is not decided.
    """
    sides: list[str] = []
    comparisons: dict[str, list[str]] = {}
    for pair in claim.pairs:
        difference = _difference(pair, summaries, _level(claim))
        sides.append(difference.side)
        if len(difference.by_seed) >= 2:
            middle = "the mean of " if len(pair.below) > 1 else ""
            others = " and ".join(map(_quoted, pair.below))
            how_far = f"{difference.points} {difference.sign}"
            comparison = f"{how_far} {middle}{others} ({difference.points_interval})"
            comparisons.setdefault(pair.above, []).append(comparison)
    if not comparisons:
        return TOO_FEW
    tables = {name.partition("/")[0] for name in comparisons}
    clauses = [
        # A row of the same name may be in both tables.
        f"{_quoted(name)}{_in_table(name) if len(tables) > 1 else ''} is {', '.join(of_row)}"
        for name, of_row in comparisons.items()
    ]
    return f"{_outcome(claim, sides)}: {'; '.join(clauses)}."


def compare(table: Table, summaries: Mapping[str, Summary]) -> str:
    """Say in one sentence which rows of a table differ clearly from its reference.

    Args:
        table: the table.
        summaries: of the table's rows, by name.
    """
    reference = table.reference
    others: dict[str, list[str]] = {"above": [], "below": [], "open": []}
    for row in table.rows:
        scores = summaries[row.name].scores
        difference = Difference.of(summaries[reference.name].scores, [scores])
        if row is not reference and len(difference.by_seed) >= 2:
            how_far = f" (by {difference.points}, {difference.points_interval})"
            is_open = difference.side == "open"
            others[difference.side].append(f"“{row.name}”{'' if is_open else how_far}")
    clauses = [
        f"{words} {', '.join(others[side])}"
        for side, words in {
            "above": "clearly above",
            "below": "clearly below",
            "open": "not clearly different from",
        }.items()
        if others[side]
    ]
    if not clauses:
        return TOO_FEW[0].upper() + TOO_FEW[1:]
    return f"“{reference.name}”, {table.reference_is}, is {'; '.join(clauses)}."


def _outcome(claim: Claim, sides: Sequence[str]) -> str:
    if claim.any_difference:
        holds, fails = not {"above", "below"}.isdisjoint(sides), False
    else:
        holds, fails = set(sides) == {"above"}, "below" in sides
    if holds:
        return "holds here"
    return "does not hold here" if fails else "not decided by these seeds"


def _level(claim: Claim) -> float:
    """Return the confidence level of the intervals that decide a claim."""
    return 1 - 0.05 / len(claim.pairs) if claim.any_difference else 0.95


def _difference(pair: Pair, summaries: Summaries, level: float) -> Difference:
    below = [_scores(name, summaries) for name in pair.below]
    return Difference.of(_scores(pair.above, summaries), below, level)


def _scores(name: str, summaries: Summaries) -> Mapping[int, float]:
    table, _, row = name.partition("/")
    return summaries[table][row].scores if table in summaries else {}


def _quoted(name: str) -> str:
    return f"“{name.partition('/')[2]}”"


def _in_table(name: str) -> str:
    return f" in {name.partition('/')[0]}"
