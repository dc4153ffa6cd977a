"""Run the paper's experiments on a source of sounds; write tables and figures.

paper.json     clips and settings; a run with others is refused
store/         the log-mels, unless the source is a store
pretraining/   a run folder for each configuration and seed, shared by the rows that start from it
supervised/    a run folder for each training with labels
cells/         the result of each row of each table with each seed
tables.md, tables.csv, figures/
report.html    all of it to look at, which the command writes
"""

import json
import platform
import shlex
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import torch

from soundalike import __version__
from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import SPLITS, ClipTable
from soundalike.datasets.folder_names import LabelDepth
from soundalike.datasets.open_or_prepare import open_or_prepare
from soundalike.datasets.source import read_source
from soundalike.datasets.store import Store
from soundalike.paper.budgets import find_budget
from soundalike.paper.cells import Bench
from soundalike.paper.experiments import WRONG_LABELS, choose
from soundalike.paper.findings import Finding
from soundalike.paper.grid import fill
from soundalike.paper.results import CELLS, cell_path, read_cell
from soundalike.paper.rows import PaperError
from soundalike.paper.table_results import TableResult
from soundalike.paper.tables import CSV, FIGURES, MARKDOWN, write_tables
from soundalike.paper.wrong_labels import why_not
from soundalike.recipes.recipe import read_recipe
from soundalike.runtime.atomic import remove_partial_files, write_json
from soundalike.runtime.counts import counted, format_duration
from soundalike.runtime.folders import output_folder
from soundalike.runtime.hardware import choose_hardware
from soundalike.runtime.lock import locked
from soundalike.training.pretraining_recipe import PRETRAINING
from soundalike.training.run_folder import RunError

SETTINGS, PAGE = "paper.json", "report.html"


@dataclass(frozen=True)
class PaperResult:
    """The outcome of the experiments.

    Args:
        source: the source.
        budget: the budget.
        label_noise: share of the training clips with a wrong label.
        n_cells: number of cells (row and seed) of this call.
        n_failed: number of those that failed.
        facts: how the cells were made, by name.
        is_conclusive: if false, the trainings were too short for conclusions.
        findings: outcome of each of the paper's findings, based on all cells in the folder.
        tables: the tables, based on all cells in the folder.
        cells: the cells of this call.
        seconds: duration of this call.
    """

    source: str
    budget: str
    label_noise: float
    n_cells: int
    n_failed: int
    facts: dict[str, str]
    is_conclusive: bool
    findings: list[Finding]
    tables: list[TableResult]
    cells: list[dict[str, Any]]
    seconds: float


def run_paper(
    source: str,
    out: Path,
    only: Sequence[str] | None = None,
    n_seeds: int = 1,
    budget: str = "paper",
    label_noise: float = 0.0,
    progress: bool = True,
    clips: ClipTable | None = None,
    label_depth: LabelDepth | None = None,
) -> PaperResult:
    """Run the paper's experiments and write their tables.

    All rows run with one seed before the next seed begins. Interrupted runs resume, and existing
    cells are not repeated, even if they failed. To repeat a cell, delete its files in ``cells`` and
    ``pretraining``.

    Args:
        source: labeled clips, as `read_source` takes them.
        out: folder for everything.
        only: tables, or single rows as "table/row"; by default all, without the table of wrong
            labels if nothing is known about them.
        n_seeds: number of random seeds: 0, 1, ...
        budget: a key of `BUDGETS`, or a share of the paper's epochs.
        label_noise: share of the labeled training clips that get a wrong label, below 1.
        progress: if true, report progress on standard error.
        clips: the clips of the source, if it has been read.
        label_depth: as for `read_source`.

    Raises:
        KeyboardInterrupt: the run was interrupted; the same call resumes.
        PaperError: there is no such table, row or budget, or a number is out of range.
        RunError: the folder holds experiments on other clips, or with another budget or noise.
        SourceError: the source cannot be used.
        InUseError: another run is at work in the folder.
    """
    start = time.monotonic()
    rows, scale = choose(only), find_budget(budget)
    if n_seeds < 1 or not 0 <= label_noise < 1:
        raise PaperError("The paper's experiments need at least 1 seed, and a label noise below 1.")
    front_end = LogMel(**read_recipe("paper", PRETRAINING)["front_end"])
    clips = read_source(source, label_depth) if clips is None else clips
    store = open_or_prepare(source, out / "store", front_end, clips=clips, progress=progress)
    bench = Bench(out, store, scale, label_noise, progress)
    clips_of_first = bench.clips(0)  # before anything is written: refuses what cannot be used
    reason = "" if only else why_not(clips_of_first.clips)
    if reason:
        rows = [(table, row) for table, row in rows if table is not WRONG_LABELS]
    arguments = {"source": source, "budget": budget, "label_noise": label_noise}
    places = [(table, row, seed) for seed in range(n_seeds) for table, row in rows]
    facts = {
        "source": f"{source}: {_counted(clips_of_first)}",
        "budget": f"{budget}: {scale.about}",
        "changes": scale.changes,
        "label noise": f"{label_noise:.0%} of the training clips, on top of their own",
        **({"left out": f"the table {WRONG_LABELS.name}: {reason}"} if reason else {}),
        "intervals": "95%, Student's t over seeds; one needs at least two seeds",
        "date": f"{date.today():%d %B %Y}",
        "versions": f"soundalike {__version__}, torch {torch.__version__}, "
        f"Python {platform.python_version()}",
        "machine": choose_hardware().why,
        "command": f"`{_command(arguments, out, only, n_seeds, label_depth)}`",
    }
    with output_folder(out), locked(out):
        _claim(out, arguments | asdict(scale) | {"clips": store.fingerprint})
        parts = (SETTINGS, CELLS, FIGURES, MARKDOWN, CSV, PAGE)
        remove_partial_files(*(out / name for name in parts))
        try:
            fill(bench, places, progress)
        finally:
            findings, tables = write_tables(out, facts, is_conclusive=scale.is_conclusive)
    cells = [asdict(read_cell(cell_path(out, *place))) for place in places]
    return PaperResult(
        source=source,
        budget=budget,
        label_noise=label_noise,
        n_cells=len(cells),
        n_failed=sum(cell["score"] is None for cell in cells),
        facts=facts,
        is_conclusive=scale.is_conclusive,
        findings=findings,
        tables=tables,
        cells=cells,
        seconds=round(time.monotonic() - start, 1),
    )


def _claim(out: Path, settings: dict[str, Any]) -> None:
    """Write the settings of a new folder; refuse a folder that has other settings."""
    path = out / SETTINGS
    if not path.exists():
        write_json(path, settings)
        return
    there = json.loads(path.read_text())
    for key, value in settings.items():
        # The same clips may have another source name; the fingerprint identifies them.
        if key not in ("source", "about") and there.get(key) != value:
            raise RunError(
                f"{out}: holds other experiments ({key} is {there.get(key)} there and {value} "
                "here): name a new folder, or delete this one."
            )


def _counted(store: Store) -> str:
    counts = store.clips.rows["split"].value_counts()
    splits = [f"{counts[split]:,} {split}" for split in SPLITS if split in counts]
    duration = format_duration(3600 * store.hours)
    return f"{counted(len(store.clips), 'clip')}, {duration} ({', '.join(splits)})"


def _command(
    arguments: dict[str, Any],
    out: Path,
    only: Sequence[str] | None,
    n_seeds: int,
    label_depth: LabelDepth | None,
) -> str:
    words = ["soundalike", "paper", arguments["source"], "--out", str(out)]
    words += [] if label_depth is None else ["--label_depth", str(label_depth)]
    words += ["--only", *only] if only else []
    words += ["--seeds", str(n_seeds), "--budget", arguments["budget"]]
    words += ["--label_noise", str(arguments["label_noise"])] if arguments["label_noise"] else []
    return shlex.join(words)
