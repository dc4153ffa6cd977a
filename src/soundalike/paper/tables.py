"""Results of the experiments: ``tables.md`` with figures for readers, ``tables.csv`` for programs.

A row of ``tables.csv`` is a cell, together with the mean over seeds of its row in the table, the
95% interval of the mean, and the number of seeds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.paper.claims import CLAIMS
from soundalike.paper.experiments import TABLES
from soundalike.paper.figures import draw_table
from soundalike.paper.findings import Summaries, compare, verdict
from soundalike.paper.results import Cell, Summary, read_cells, summarize
from soundalike.paper.rows import Table, slug
from soundalike.runtime.atomic import atomic_write, write_text

FIGURES, MARKDOWN, CSV = "figures", "tables.md", "tables.csv"
INCONCLUSIVE = "This run only tests that the code works; it is too short for conclusions."


def write_tables(out: Path, facts: Mapping[str, str], *, is_conclusive: bool) -> dict[str, str]:
    """Write tables and figures of all existing cells.

    Args:
        out: folder of the run.
        facts: how the cells were made, for the top of the page.
        is_conclusive: if true, decide the paper's findings from the cells.

    Returns:
        The verdict on each finding of the paper, by the finding's sentence.
    """
    cells = read_cells(out)
    summaries = summarize(cells)
    findings = {
        f"{claim.number}. {claim.sentence}": (
            verdict(claim, summaries) if is_conclusive else INCONCLUSIVE
        )
        for claim in CLAIMS
    }
    lines = [*_head(facts, is_conclusive), *(_findings(findings) if is_conclusive else [])]
    for table in TABLES:
        if table.name in summaries:
            metric = next((c.metric for c in cells if c.table == table.name and c.metric), "score")
            of_rows = summaries[table.name]
            as_run = _as_run(table, of_rows)
            draw_table(out / _figure(table), as_run, of_rows, metric)
            lines += _table(as_run, of_rows, metric, is_conclusive)
    write_text(out / MARKDOWN, "\n".join(lines) + "\n")
    with atomic_write(out / CSV) as path:
        _write_csv(path, cells, summaries)
    return findings


def _head(facts: Mapping[str, str], is_conclusive: bool) -> Iterator[str]:
    yield "# The paper's experiments"
    yield ""
    yield "The experiments of Fonseca et al., “Unsupervised Contrastive Learning of Sound Event"
    yield "Representations” (ICASSP 2021), repeated."
    yield ""
    yield from (f"- {name}: {fact}" for name, fact in facts.items())
    if not is_conclusive:
        yield from ("", f"**{INCONCLUSIVE}**")


def _findings(findings: Mapping[str, str]) -> Iterator[str]:
    yield from ("", "## The paper's findings", "")
    yield from (f"- **{claim}** {text[0].upper()}{text[1:]}" for claim, text in findings.items())


def _as_run(table: Table, summaries: Mapping[str, Summary]) -> Table:
    """Return a table of the rows that were run, always including its reference."""
    rows = (row for row in table.rows if row.is_reference or _was_run(summaries[row.name]))
    return replace(table, rows=tuple(rows))


def _was_run(summary: Summary) -> bool:
    return bool(summary.scores or summary.failed)


def _table(
    table: Table, summaries: Mapping[str, Summary], metric: str, is_conclusive: bool
) -> Iterator[str]:
    yield from ("", f"## {table.name.capitalize()}", "", table.question, "")
    yield f"| | {metric}, % | 95% interval | seeds | kNN, % | seconds |"
    yield "|---|---:|---:|---:|---:|---:|"
    for row in table.rows:
        yield _row(summaries[row.name])
    failures = [
        f"- “{row.name}” failed: {why}"
        for row in table.rows
        for why in dict.fromkeys(summaries[row.name].failed)
    ]
    if failures:
        yield from ("", *failures)
    if not_run := [name for name, summary in summaries.items() if not _was_run(summary)]:
        yield from ("", f"Not run: {', '.join(f'“{name}”' for name in not_run)}.")
    if is_conclusive:
        yield from ("", compare(table, summaries))
    yield from ("", f"![{table.question}]({_figure(table)})")


def _row(summary: Summary) -> str:
    name = summary.row.name
    low, high = summary.interval
    knn, seconds = summary.knn, summary.seconds
    pieces = [
        f"**{name}** (the paper's choice)" if summary.row.is_reference else name,
        summary.missing or _percent(summary.mean),
        "" if np.isnan(low) else f"{_percent(low)} to {_percent(high)}",
        str(len(summary.scores)),
        "" if knn is None else _percent(knn),
        "" if seconds is None else f"{seconds:,.0f}",
    ]
    return f"| {' | '.join(pieces)} |"


def _write_csv(path: Path, cells: Sequence[Cell], summaries: Summaries) -> None:
    rows = []
    for cell in cells:
        summary = summaries[cell.table][cell.row]
        low, high = summary.interval
        rows.append(
            asdict(cell)
            | {"is_reference": summary.row.is_reference, "n_seeds": len(summary.scores)}
            | {"mean": summary.mean, "low": low, "high": high}
        )
    pd.DataFrame(rows).to_csv(path, index=False)


def _figure(table: Table) -> str:
    return f"{FIGURES}/{slug(table.name)}.png"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".replace("-", "−")
