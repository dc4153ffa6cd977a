"""What the benchmarks share: fair times, and the rows of one table."""

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Args:
        what: what is measured, and how large it is.
        ours: what soundalike needs or reaches.
        unit: of both figures.
        reference: what the plain reference needs or reaches, where there is one.
        against: what the reference is.
        times: whether the figures are times or sizes, so that the lower is the better.
        difference: the largest difference of the numbers, and in what.
    """

    what: str
    ours: float
    unit: str
    reference: float | None = None
    against: str = ""
    times: bool = True
    difference: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times better ours is."""
        if self.reference is None:
            return None
        return self.reference / self.ours if self.times else self.ours / self.reference

    def cells(self) -> list[str]:
        """Return the text of every column."""
        reference = "" if self.reference is None else figure(self.reference)
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        ours = figure(self.ours)
        return [self.what, self.unit, ours, reference, ratio, self.against, self.difference]


COLUMNS = ["what", "unit", "ours", "reference", "ratio", "the reference", "largest difference"]


def figure(value: float) -> str:
    """Write a number with three significant digits and no exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def fastest(*works: Callable[[], object], n_runs: int = 5) -> list[float]:
    """Return the least seconds of each work, run in turn so that all meet the same machine.

    Every work runs once before, unmeasured. The least time is the one that the rest of the machine
    disturbed least.
    """
    best = [float("inf")] * len(works)
    for work in works:
        work()
    for _ in range(n_runs):
        for index, work in enumerate(works):
            gc.collect()
            start = time.perf_counter()
            work()
            best[index] = min(best[index], time.perf_counter() - start)
    return best


def in_a_process(script: str, *arguments: object) -> dict[str, float]:
    """Return what a script prints as JSON when it runs by itself.

    For what a process has once and for all: its allocator, its largest size, its threads.
    """
    command = [sys.executable, script, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def table(rows: Iterable[Row]) -> str:
    """Return rows as a Markdown table."""
    lines = [COLUMNS, ["---", "---", "---:", "---:", "---:", "---", "---"]]
    lines += [row.cells() for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    )
