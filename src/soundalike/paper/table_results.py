"""The tables as results: plain numbers and sentences, for pages, files and programs.

Scores and the ends of intervals are shares in [0, 1]; None where there is no number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from soundalike.paper.findings import compare
from soundalike.paper.results import Cell, Summary, interval_method
from soundalike.paper.rows import Table


@dataclass(frozen=True)
class RowResult:
    """A row of a table.

    Args:
        name: name of the row.
        is_reference: if true, this is the paper's choice.
        seeds: seeds that have a score.
        scores: their scores.
        mean: mean over seeds.
        lower: lower end of the 95% interval of the mean.
        upper: its upper end.
        method: how the interval was computed, or why there is none.
        n_seeds: number of seeds that have a score.
        knn: mean kNN score.
        seconds: mean duration of a cell.
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
    """A table of rows that were run; it always has the paper's choice.

    Args:
        name: name of the table.
        question: the question that it answers.
        metric: name of the scores.
        rows: its rows.
        not_run: names of the rows that were not run.
        sentence: which rows differ clearly from the paper's choice; "" if that is not decided.
    """

    name: str
    question: str
    metric: str
    rows: list[RowResult]
    not_run: list[str]
    sentence: str


def table_result(
    table: Table, summaries: Mapping[str, Summary], cells: Sequence[Cell], *, is_conclusive: bool
) -> TableResult:
    """Return a table as results.

    Args:
        table: the table.
        summaries: of its rows, by name.
        cells: all cells, which know the metric.
        is_conclusive: if true, say which rows differ from the paper's choice.
    """
    names = [row.name for row in table.rows if was_run(summaries[row.name])]
    return TableResult(
        name=table.name,
        question=table.question,
        metric=next((c.metric for c in cells if c.table == table.name and c.metric), "score"),
        rows=[
            _row_result(summaries[row.name])
            for row in table.rows
            if row.is_reference or row.name in names
        ],
        not_run=[row.name for row in table.rows if row.name not in names],
        sentence=compare(table, summaries) if is_conclusive else "",
    )


def was_run(summary: Summary) -> bool:
    """Return whether a row has a cell, even if it failed."""
    return bool(summary.scores or summary.failed)


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
