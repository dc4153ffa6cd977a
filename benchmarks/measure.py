"""What the benchmarks share: timing, and the rows of the table."""

import contextlib
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

BUSY = "while True: pass"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Args:
        what: what is measured, with its size.
        ours: the result of soundalike.
        unit: of both figures.
        reference: the result of the plain reference, if there is one.
        against: what the reference is.
        times: If true, the figures are times or sizes, so lower is better.
        difference: the largest difference between the two outputs, with its unit.
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
    """Return the minimum seconds of each function; they run in turn, under the same load.

    Every function runs once first as a warm-up. The minimum is the run that other processes
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


def in_a_process(
    script: str, *arguments: object, variables: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Return the JSON that a script prints in a separate process.

    For properties of a whole process: its allocator, its peak memory, its threads.

    Args:
        script: file of the script.
        arguments: its arguments.
        variables: of its environment, besides those of this process.
    """
    command = [sys.executable, script, *map(str, arguments)]
    environment = {**os.environ, **(variables or {})}
    process = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env=environment
    )
    return json.loads(process.stdout)


def as_installed() -> dict[str, str]:
    """Return the environment of a command that may keep compiled modules, as installed ones do.

    Without them, the modules of soundalike are compiled at every start.
    """
    return {name: each for name, each in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


@contextlib.contextmanager
def beside(n_busy: int) -> Iterator[None]:
    """Keep some processors busy, each by a process that is an endless loop."""
    loops = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(n_busy)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def table(rows: Iterable[Row]) -> str:
    """Return rows as a Markdown table."""
    lines = [COLUMNS, ["---", "---", "---:", "---:", "---:", "---", "---"]]
    for row in rows:
        lines.append(row.cells())
        # A run that fails later has shown what it has measured.
        print(*filter(None, row.cells()), sep=" | ", file=sys.stderr, flush=True)
    widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    )
