"""Make the requested cells one after the other, skipping those that exist."""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from soundalike.paper.cells import Bench
from soundalike.paper.experiments import TABLES
from soundalike.paper.results import Cell, cell_path, read_cell, read_cells, write_cell
from soundalike.paper.rows import Row, Table
from soundalike.paper.time_left import Kind, TimeLeft
from soundalike.runtime.counts import counted, format_duration
from soundalike.runtime.forecast import on_this_machine
from soundalike.runtime.interrupt import StopSignal

Place = tuple[Table, Row, int]
"""A cell's table, row and seed."""


def fill(bench: Bench, places: Sequence[Place], progress: bool = True) -> None:
    """Make the missing cells, in the order of ``places``.

    Rows that require the same work share one result.

    Args:
        bench: makes the cells.
        places: all requested cells.
        progress: if true, report each cell on a line of standard error.

    Raises:
        KeyboardInterrupt: the run was interrupted; the same call resumes.
        OSError: a file cannot be written.
    """
    missing = [place for place in places if not cell_path(bench.out, *place).exists()]
    waiting = list(_kinds(bench, missing))
    times = _times_of_existing(bench)
    if progress and missing:
        print(
            _beforehand(len(missing), len(places), times.of(filter(None, waiting))), file=sys.stderr
        )
    with StopSignal("cell") as stop:
        for table, row, seed in missing:
            began = time.monotonic()
            shared = _of_same_work(bench, row, seed)
            cell = shared or bench.make(table, row, seed)
            cell = replace(cell, table=table.name, row=row.name)
            write_cell(cell_path(bench.out, table, row, seed), cell)
            kind = waiting.pop(0)
            if kind and cell.score is not None:  # one that fails may fail at once
                times.add(kind, time.monotonic() - began)
            if progress:
                seconds = times.of(filter(None, waiting))
                is_known = seconds >= 0.5  # not NaN, and not rounded to 0
                time_left = f", about {format_duration(round(seconds))} left" if is_known else ""
                count = f"{len(places) - len(waiting)} of {counted(len(places), 'cell')}"
                print(f"{_in_words(cell)}; {count}{time_left}", file=sys.stderr)
            if stop.is_set:
                raise KeyboardInterrupt


def _beforehand(n_missing: int, n_cells: int, seconds: float) -> str:
    """Say how many cells there are to make, and how long they take, if that is known."""
    line = f"{n_missing:,} of {counted(n_cells, 'cell')} to make"
    if seconds > 0:
        return f"{line}: {on_this_machine(seconds)}"
    return f"{line}; after the first, you see how long the others take" if n_missing > 1 else line


def _times_of_existing(bench: Bench) -> TimeLeft:
    """Return how long the cells took that an earlier call made, with and without pre-training."""
    times = TimeLeft()
    works: set[tuple[object, int]] = set()
    rows = {(table.name, row.name): row for table in TABLES for row in table.rows}
    for cell in read_cells(bench.out):
        row = rows[cell.table, cell.row]
        if cell.score is None or (row.work, cell.seed) in works:
            continue
        works.add((row.work, cell.seed))
        pretraining_s = bench.pretraining_seconds(row, cell.seed)
        times.add(_kind(row, pretrains=False), cell.seconds - pretraining_s)
        if pretraining_s:
            times.add(_kind(row, pretrains=True), cell.seconds)
    return times


def _kinds(bench: Bench, places: Sequence[Place]) -> Iterator[Kind]:
    """Yield the kind of work that each cell takes, in this order; () if it shares a result."""
    earlier_work: set[tuple[object, int]] = set()
    for _, row, seed in places:
        if (row.work, seed) in earlier_work or _of_same_work(bench, row, seed):
            yield ()
            continue
        pretrains = (
            row.start == "pretrained"
            and (row.configuration, seed) not in earlier_work
            and not bench.has_pretrained(row, seed)
        )
        earlier_work.add((row.work, seed))
        if pretrains:
            earlier_work.add((row.configuration, seed))
        yield _kind(row, pretrains=pretrains)


def _kind(row: Row, *, pretrains: bool) -> Kind:
    encoder = str(row.changes.get("encoder.name", ""))
    return "pre-trains" if pretrains else "", row.start, row.task, encoder, row.recipe


def _of_same_work(bench: Bench, row: Row, seed: int) -> Cell | None:
    """Return the cell of another row that required the same work."""
    for table in TABLES:
        for other in table.rows:
            path = cell_path(bench.out, table, other, seed)
            if other.work == row.work and path.exists():
                return read_cell(path)
    return None


def _in_words(cell: Cell) -> str:
    if cell.score is None:
        return f"{cell.table} / {cell.row}, seed {cell.seed}: failed: {cell.failed}"
    knn = "" if cell.knn is None else f", kNN {cell.knn:.1%}"
    score = f"{cell.metric} {cell.score:.1%}{knn}"
    return f"{cell.table} / {cell.row}, seed {cell.seed}: {score}, {format_duration(cell.seconds)}"
