"""Results of the experiments: one file per cell, and each row's mean over seeds.

A cell is one row of a table with one seed: ``cells/TABLE/ROW/seed-N.json``.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from soundalike.evaluation.intervals import t_interval
from soundalike.paper.experiments import TABLES
from soundalike.paper.rows import Row, Table, slug
from soundalike.runtime.atomic import write_json

CELLS = "cells"


@dataclass(frozen=True)
class Cell:
    """The result of one row with one seed.

    Args:
        table: name of the table.
        row: name of the row.
        seed: random seed of the trainings, the splits and the label noise.
        score: score on the table's clips, in [0, 1]; None if the cell failed.
        metric: name of the score.
        validation_score: score on the validation clips, which choose the epoch.
        knn: best kNN score on the validation clips during pre-training.
        epoch: epoch of the classifier, chosen on the validation clips.
        seconds: duration of training and scoring, including shared runs.
        noise_rate: share of wrong labels that an audit estimates, of those that nobody verified.
        noise_rate_verified: the same of those that are verified, if there are any.
        true_noise_rate: share that is wrong, of those that nobody verified, where it is known.
        failed: reason why there is no score.
    """

    table: str
    row: str
    seed: int
    score: float | None = None
    metric: str = ""
    validation_score: float | None = None
    knn: float | None = None
    epoch: int | None = None
    seconds: float = 0.0
    noise_rate: float | None = None
    noise_rate_verified: float | None = None
    true_noise_rate: float | None = None
    failed: str = ""


def cell_path(out: Path, table: Table, row: Row, seed: int) -> Path:
    """Return the file of a cell."""
    return out / CELLS / slug(table.name) / slug(row.name) / f"seed-{seed}.json"


def write_cell(path: Path, cell: Cell) -> None:
    """Write a cell, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, asdict(cell))


def read_cell(path: Path) -> Cell:
    """Read a cell."""
    return Cell(**json.loads(path.read_text()))


def read_cells(out: Path) -> list[Cell]:
    """Return all existing cells, in the order of tables, rows and seeds."""
    return [
        read_cell(path)
        for table in TABLES
        for row in table.rows
        for path in sorted(cell_path(out, table, row, 0).parent.glob("seed-*.json"), key=_seed)
    ]


@dataclass(frozen=True)
class Summary:
    """The results of a row over seeds.

    Args:
        row: the row.
        scores: by seed, of the cells that did not fail.
        knn: mean kNN score of the cells that have one.
        seconds: mean duration of the cells that did not fail.
        failed: reasons why cells failed.
    """

    row: Row
    scores: dict[int, float]
    knn: float | None
    seconds: float | None
    failed: tuple[str, ...]

    @property
    def missing(self) -> str:
        """Why there is no score; "" if there is one."""
        return "" if self.scores else "failed" if self.failed else "not run"

    @property
    def mean(self) -> float:
        """Mean score over seeds, NaN without any."""
        return float(np.mean([*self.scores.values()])) if self.scores else np.nan

    @property
    def interval(self) -> tuple[float, float]:
        """95% interval of the mean over seeds, cut to [0, 1]; NaN for fewer than two."""
        low, high = np.clip(t_interval([*self.scores.values()]), 0, 1)
        return float(low), float(high)


def summarize(cells: Sequence[Cell]) -> dict[str, dict[str, Summary]]:
    """Return a summary of every row, by table and row, of the tables that have a cell."""
    tables = [table for table in TABLES if any(cell.table == table.name for cell in cells)]
    return {
        table.name: {
            row.name: _summary(
                row, [c for c in cells if (c.table, c.row) == (table.name, row.name)]
            )
            for row in table.rows
        }
        for table in tables
    }


def interval_method(n_seeds: int) -> str:
    """Say how an interval of a mean over seeds is computed, or why there is none."""
    return "Student's t over seeds" if n_seeds >= 2 else "none: it takes two seeds"


def _summary(row: Row, cells: Sequence[Cell]) -> Summary:
    knn = [cell.knn for cell in cells if cell.knn is not None]
    seconds = [cell.seconds for cell in cells if cell.score is not None]
    return Summary(
        row=row,
        scores={cell.seed: cell.score for cell in cells if cell.score is not None},
        knn=float(np.mean(knn)) if knn else None,
        seconds=float(np.mean(seconds)) if seconds else None,
        failed=tuple(cell.failed for cell in cells if cell.failed),
    )


def _seed(path: Path) -> int:
    return int(path.stem.removeprefix("seed-"))
