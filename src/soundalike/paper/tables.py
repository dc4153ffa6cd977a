"""Results of the experiments: ``tables.md`` with figures for readers, ``tables.csv`` for programs.

A row of ``tables.csv`` is a cell, together with the mean over seeds of its row in the table, the
ends of the 95% interval of the mean, how that was computed, and the number of seeds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd

from soundalike.paper.claims import CLAIMS
from soundalike.paper.experiments import TABLES
from soundalike.paper.figures import draw_table
from soundalike.paper.findings import Finding, Summaries, finding
from soundalike.paper.results import Cell, Summary, interval_method, read_cells, summarize
from soundalike.paper.rows import Table, slug
from soundalike.paper.table_results import RowResult, TableResult, table_result, was_run
from soundalike.runtime.atomic import atomic_write, write_text

FIGURES, MARKDOWN, CSV = "figures", "tables.md", "tables.csv"
INCONCLUSIVE = "This run only tests that the code works; it is too short for conclusions."


def write_tables(
    out: Path, facts: Mapping[str, str], *, is_conclusive: bool
) -> tuple[list[Finding], list[TableResult]]:
    """Write tables and figures of all existing cells.

    Args:
        out: folder of the run.
        facts: how the cells were made, for the top of the page.
        is_conclusive: if true, decide the paper's findings from the cells.

    Returns:
        What became of each finding of the paper, and the tables.
    """
    cells = read_cells(out)
    summaries = summarize(cells)
    findings = [finding(claim, summaries) for claim in CLAIMS]
    if not is_conclusive:
        findings = [replace(each, outcome="not decided", verdict=INCONCLUSIVE) for each in findings]
    lines = [*_head(facts, is_conclusive), *(_findings(findings) if is_conclusive else [])]
    tables = []
    for table in TABLES:
        if table.name in summaries:
            of_rows = summaries[table.name]
            result = table_result(table, of_rows, cells, is_conclusive=is_conclusive)
            draw_table(out / _figure(table.name), _as_run(table, of_rows), of_rows, result.metric)
            lines += _table(result)
            tables.append(result)
    write_text(out / MARKDOWN, "\n".join(lines) + "\n")
    with atomic_write(out / CSV) as path:
        _write_csv(path, cells, summaries)
    return findings, tables


def _head(facts: Mapping[str, str], is_conclusive: bool) -> Iterator[str]:
    yield "# The paper's experiments"
    yield ""
    yield "The experiments of Fonseca et al., “Unsupervised Contrastive Learning of Sound Event"
    yield "Representations” (ICASSP 2021), repeated."
    yield ""
    yield from (f"- {name}: {fact}" for name, fact in facts.items())
    if not is_conclusive:
        yield from ("", f"**{INCONCLUSIVE}**")


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    yield from ("", "## The paper's findings", "")
    for each in findings:
        words = each.verdict[0].upper() + each.verdict[1:]
        yield f"- **{each.number}. {each.sentence}** {words}"


def _as_run(table: Table, summaries: Mapping[str, Summary]) -> Table:
    """Return a table of the rows that were run, always including its reference."""
    rows = (row for row in table.rows if row.is_reference or was_run(summaries[row.name]))
    return replace(table, rows=tuple(rows))


def _table(table: TableResult) -> Iterator[str]:
    yield from ("", f"## {table.name.capitalize()}", "", table.question, "")
    yield f"| | {table.metric}, % | 95% interval | seeds | kNN, % | seconds |"
    yield "|---|---:|---:|---:|---:|---:|"
    yield from (_row(row, table.reference_is) for row in table.rows)
    failures = [f"- “{row.name}” failed: {why}" for row in table.rows for why in row.failures]
    if failures:
        yield from ("", *failures)
    if table.not_run:
        yield from ("", f"Not run: {', '.join(f'“{name}”' for name in table.not_run)}.")
    if table.sentence:
        yield from ("", table.sentence)
    for note in table.notes:
        yield from ("", note)
    yield from ("", f"![{table.question}]({_figure(table.name)})")


def _row(row: RowResult, reference_is: str) -> str:
    pieces = [
        f"**{row.name}** ({reference_is})" if row.is_reference else row.name,
        row.missing if row.mean is None else _percent(row.mean),
        _interval(row.lower, row.upper),
        str(row.n_seeds),
        "" if row.knn is None else _percent(row.knn),
        "" if row.seconds is None else f"{row.seconds:,.0f}",
    ]
    return f"| {' | '.join(pieces)} |"


def _write_csv(path: Path, cells: Sequence[Cell], summaries: Summaries) -> None:
    rows = []
    for cell in cells:
        summary = summaries[cell.table][cell.row]
        n_seeds, (lower, upper) = len(summary.scores), summary.interval
        rows.append(
            asdict(cell)
            | {"is_reference": summary.row.is_reference, "mean": summary.mean}
            | {"lower": lower, "upper": upper, "method": interval_method(n_seeds)}
            | {"n_seeds": n_seeds}
        )
    pd.DataFrame(rows).to_csv(path, index=False)


def _figure(table: str) -> str:
    return f"{FIGURES}/{slug(table)}.png"


def _interval(lower: float | None, upper: float | None) -> str:
    return "" if lower is None or upper is None else f"{_percent(lower)} to {_percent(upper)}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".replace("-", "−")
