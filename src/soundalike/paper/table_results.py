"""The tables as results: plain numbers and sentences, for pages, files and programs.

Scores and the ends of intervals are shares in [0, 1]; None where there is no number.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from soundalike.paper.findings import compare
from soundalike.paper.results import Cell, Summary, interval_method
from soundalike.paper.rows import Table
from soundalike.paper.wrong_labels import UNVERIFIED, WRONG

HOW_TO_READ = {
    WRONG: "The score is the share of pairs of a wrong and a right label in which the wrong one is "
    "suspected more: 50% by chance.",
    UNVERIFIED: "It is not known which labels are wrong, only which are verified, and that is kept "
    "from the audit. The score is the share of pairs of an unverified and a verified label in "
    "which the unverified one is suspected more: 50% by chance. Unverified labels can be right, "
    "too: if half of them are wrong, and the right ones are like the verified, a perfect audit has "
    "75%.",
}


@dataclass(frozen=True)
class RowResult:
    """A row of a table.

    Args:
        name: name of the row.
        is_reference: if true, the other rows are compared with this one.
        seeds: seeds that have a score.
        scores: their scores.
        mean: mean over seeds.
        lower: lower end of the 95% interval of the mean.
        upper: its upper end.
        method: how the interval was computed, or why there is none.
        n_seeds: number of seeds that have a score.
        knn: mean kNN score.
        seconds: mean duration of the cells that did not fail.
        missing: why there is no score; "" if there is one.
        failures: reasons why cells failed.
    """

    name: str
    is_reference: bool
    seeds: list[int]
    scores: list[float]
    mean: float | None
    lower: float | None
    upper: float | None
    method: str
    n_seeds: int
    knn: float | None
    seconds: float | None
    missing: str
    failures: list[str]


@dataclass(frozen=True)
class TableResult:
    """A table of rows that were run; it always has the reference.

    Args:
        name: name of the table.
        question: the question that it answers.
        metric: name of the scores.
        reference_is: what the reference is, in words.
        rows: its rows.
        not_run: names of the rows that were not run.
        sentence: which rows differ clearly from the reference; "" if that is not decided.
        notes: how to read the scores, and what audits estimate, a sentence each.
    """

    name: str
    question: str
    metric: str
    reference_is: str
    rows: list[RowResult]
    not_run: list[str]
    sentence: str
    notes: list[str]


def table_result(
    table: Table, summaries: Mapping[str, Summary], cells: Sequence[Cell], *, is_conclusive: bool
) -> TableResult:
    """Return a table as results.

    Args:
        table: the table.
        summaries: of its rows, by name.
        cells: all cells, which know the metric.
        is_conclusive: if true, say which rows differ from the reference.
    """
    of_table = [cell for cell in cells if cell.table == table.name]
    metric = next((cell.metric for cell in of_table if cell.metric), "score")
    names = [row.name for row in table.rows if was_run(summaries[row.name])]
    return TableResult(
        name=table.name,
        question=table.question,
        metric=metric,
        reference_is=table.reference_is,
        rows=[
            _row_result(summaries[row.name])
            for row in table.rows
            if row.is_reference or row.name in names
        ],
        not_run=[row.name for row in table.rows if row.name not in names],
        sentence=compare(table, summaries) if is_conclusive else "",
        notes=[*([HOW_TO_READ[metric]] if metric in HOW_TO_READ else []), *_estimates(of_table)],
    )


def was_run(summary: Summary) -> bool:
    """Return whether a row has a cell, even if it failed."""
    return bool(summary.scores or summary.failed)


def _estimates(cells: Sequence[Cell]) -> Iterator[str]:
    """Say how many labels the audits estimate to be wrong, a sentence for each row."""
    by_row: dict[str, list[Cell]] = {}
    for cell in cells:
        if cell.noise_rate is not None:
            by_row.setdefault(cell.row, []).append(cell)
    for row, of_row in by_row.items():
        rate = _mean_percent(cell.noise_rate for cell in of_row)
        verified = _mean_percent(cell.noise_rate_verified for cell in of_row)
        truth = _mean_percent(cell.true_noise_rate for cell in of_row)
        labels = "labels that nobody verified" if verified else "labels"
        truth = truth and f" ({truth} are)"
        verified = verified and f", and {verified} of the verified ones"
        yield f"“{row}” estimates that {rate} of the {labels} are wrong{truth}{verified}."


def _mean_percent(shares: Iterable[float | None]) -> str:
    """Return the mean of the shares that are known, in percent; "" if none is."""
    known = [share for share in shares if share is not None]
    return f"{np.mean(known):.1%}" if known else ""


def _row_result(summary: Summary) -> RowResult:
    lower, upper = summary.interval
    return RowResult(
        name=summary.row.name,
        is_reference=summary.row.is_reference,
        seeds=[*summary.scores],
        scores=[*summary.scores.values()],
        mean=_or_none(summary.mean),
        lower=_or_none(lower),
        upper=_or_none(upper),
        method=interval_method(len(summary.scores)),
        n_seeds=len(summary.scores),
        knn=summary.knn,
        seconds=summary.seconds,
        missing=summary.missing,
        failures=[*dict.fromkeys(summary.failed)],
    )


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
