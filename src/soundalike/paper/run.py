"""The paper's experiments on a source of sounds, from the first sound to the last figure.

paper.json     what the cells are made of, so that no others come among them
store/         the log-mels, where they had to be prepared
pretraining/   a run folder for each configuration and seed, shared by the rows that begin with it
supervised/    a run folder for each training with labels
cells/         what each row of each table came to with each seed
tables.md, tables.csv, figures/
"""

import json
import platform
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import torch

from soundalike import __version__
from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import SPLITS
from soundalike.datasets.prepare import open_or_prepare
from soundalike.datasets.store import Store
from soundalike.paper.budgets import find_budget
from soundalike.paper.cells import Bench
from soundalike.paper.experiments import choose
from soundalike.paper.grid import fill
from soundalike.paper.results import cell_path, read_cell
from soundalike.paper.rows import PaperError
from soundalike.paper.tables import write_tables
from soundalike.recipes.recipe import read_recipe
from soundalike.runtime.atomic import atomic_write
from soundalike.runtime.hardware import choose_hardware
from soundalike.runtime.lock import locked
from soundalike.training.pretraining_recipe import PRETRAINING
from soundalike.training.run_folder import RunError

SETTINGS = "paper.json"


def run_paper(
    source: str,
    out: Path,
    only: Sequence[str] | None = None,
    n_seeds: int = 1,
    budget: str = "paper",
    label_noise: float = 0.0,
    progress: bool = True,
) -> dict[str, Any]:
    """Run the paper's experiments, or go on where they were stopped, and write their tables.

    All rows have one seed before the second begins. A cell that is there is not made again, also
    where it failed; to try again, delete its files below ``cells`` and ``pretraining``.

    Args:
        source: labeled clips, as `read_source` takes them.
        out: folder for everything.
        only: tables, or single rows as "table/row"; by default all.
        n_seeds: how often everything is run, with the seeds 0, 1, ...
        budget: a key of `BUDGETS`, or a share of the paper's epochs.
        label_noise: share of the labeled training clips that get a wrong label, below 1.
        progress: whether to say what was done, on standard error.

    Returns:
        What was asked for; `n_cells`, `n_failed` and `cells` of that; the verdict on each of the
        paper's `findings`, by all cells there are; the `seconds` that this call took.

    Raises:
        KeyboardInterrupt: it was stopped; the same call goes on.
        PaperError: there is no such table, row or budget, or a number is out of range.
        RunError: the folder holds experiments on other clips, or with another budget or noise.
        SourceError: the source cannot be used.
        InUseError: another run is at work in the folder.
    """
    began = time.monotonic()
    rows, scale = choose(only), find_budget(budget)
    if n_seeds < 1 or not 0 <= label_noise < 1:
        raise PaperError("The paper's experiments need at least 1 seed, and a label noise below 1.")
    front_end = LogMel(**read_recipe("paper", PRETRAINING)["front_end"])
    store = open_or_prepare(source, out / "store", front_end, progress=progress)
    bench = Bench(out, store, scale, label_noise, progress and sys.stderr.isatty())
    clips = _counted(bench.clips(0))  # before anything is written: refuses what cannot be used
    given = {"source": source, "budget": budget, "label_noise": label_noise}
    _claim(out, given | asdict(scale) | {"clips": store.fingerprint})
    places = [(table, row, seed) for seed in range(n_seeds) for table, row in rows]
    facts = {
        "source": f"{source}: {clips}",
        "budget": f"{budget}: {scale.about}",
        "changes": scale.changes,
        "label noise": f"{label_noise:.0%} of the training clips, on top of their own",
        "date": f"{date.today():%d %B %Y}",
        "versions": f"soundalike {__version__}, torch {torch.__version__}, "
        f"Python {platform.python_version()}",
        "machine": choose_hardware().why,
        "command": f"`{_command(given, out, only, n_seeds)}`",
    }
    with locked(out):
        try:
            fill(bench, places, progress)
        finally:
            findings = write_tables(out, facts, is_conclusive=scale.is_conclusive)
    cells = [asdict(read_cell(cell_path(out, *place))) for place in places]
    return given | {
        "n_cells": len(cells),
        "n_failed": sum(cell["score"] is None for cell in cells),
        "findings": findings,
        "cells": cells,
        "seconds": round(time.monotonic() - began, 1),
    }


def _claim(out: Path, settings: dict[str, Any]) -> None:
    """Keep what the cells of a folder are made of, or refuse to put others among them."""
    path = out / SETTINGS
    if not path.exists():
        out.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as beside:
            beside.write_text(json.dumps(settings, indent=1) + "\n")
        return
    there = json.loads(path.read_text())
    for key, value in settings.items():
        # The same clips may be named in another way; their fingerprint tells.
        if key not in ("source", "about") and there.get(key) != value:
            raise RunError(
                f"{out}: holds other experiments ({key} is {there.get(key)} there and {value} "
                "here): name a new folder, or delete this one."
            )


def _counted(store: Store) -> str:
    counts = store.clips.rows["split"].value_counts()
    splits = [f"{counts[split]:,} {split}" for split in SPLITS if split in counts]
    return f"{len(store.clips):,} clips, {store.hours:.2f} h ({', '.join(splits)})"


def _command(given: dict[str, Any], out: Path, only: Sequence[str] | None, n_seeds: int) -> str:
    words = ["soundalike", "paper", given["source"], "--out", str(out)]
    words += ["--only", *only] if only else []
    words += ["--seeds", str(n_seeds), "--budget", given["budget"]]
    words += ["--label_noise", str(given["label_noise"])] if given["label_noise"] else []
    return shlex.join(words)
