"""The metrics of a run: ``metrics.csv`` and TensorBoard events, a row for each step."""

import csv
import itertools
import os
from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from soundalike.runtime.atomic import atomic_write
from soundalike.runtime.ranks import is_first
from soundalike.training.run_folder import RunFolder
from soundalike.training.tensorboard_events import TensorBoardEvents

COLUMNS = ("step", "epoch", "learning_rate", "loss", "seconds")

StepMetrics = dict[str, float | Tensor]
"""The numbers of one step: `COLUMNS`, and scores after a check; the loss may be on its device."""


class Metrics:
    """Rows of numbers, appended to ``metrics.csv`` and to TensorBoard by the first rank.

    Rows wait until `flush`, so a loss can stay on the device while later steps are computed.

    Args:
        run: the run folder.
        n_steps_done: number of steps in the checkpoint. Later rows are deleted, so that a resumed
            run has each step once.
        scores: additional columns.
    """

    def __init__(self, run: RunFolder, n_steps_done: int, scores: Sequence[str] = ()) -> None:
        self._path = run.metrics
        self._waiting: list[StepMetrics] = []
        if not is_first():
            return
        rows = [row for row in read_rows(self._path) if int(row["step"]) <= n_steps_done]
        columns = [*COLUMNS, *scores]
        with atomic_write(self._path) as path, path.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        self._file = self._path.open("a", newline="")
        self._writer = csv.DictWriter(self._file, columns)
        self._events = TensorBoardEvents(run.tensorboard, first_step=n_steps_done + 1)

    def add(self, row: StepMetrics) -> int:
        """Add a row; missing columns stay blank. Return the number of waiting rows."""
        self._waiting.append(row)
        return len(self._waiting)

    def flush(self) -> list[dict[str, float]]:
        """Write the waiting rows to disk and return them."""
        rows = [{name: float(value) for name, value in row.items()} for row in self._waiting]
        self._waiting = []
        if is_first():
            self._write(rows)
        return rows

    def _write(self, rows: list[dict[str, float]]) -> None:
        for row in rows:
            step = int(row["step"])
            self._writer.writerow(row | {"step": step, "epoch": int(row["epoch"])})
            names = row.keys() - {"step", "epoch", "seconds"}
            self._events.add(step, {name: row[name] for name in names})
        self._file.flush()
        self._events.flush()

    def flush_to_disk(self) -> None:
        """Wait until the rows that were written are on the disk, not only with the system."""
        if is_first():
            os.fsync(self._file.fileno())

    def rows(self) -> list[dict[str, str]]:
        """Return all rows on disk, those of interrupted earlier calls included."""
        return read_rows(self._path)

    def close(self) -> None:
        """Close the files."""
        if is_first():
            self._file.close()
            self._events.close()


def read_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows up to the first that a crash left incomplete; steps count from 1."""
    if not path.exists():
        return []
    with path.open(newline="", errors="replace") as file:
        rows = csv.DictReader(line for line in file if line.endswith("\n"))
        steps = itertools.count(1)
        return list(itertools.takewhile(lambda row: row.get("step") == str(next(steps)), rows))
