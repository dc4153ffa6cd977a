"""Seconds until something happens: the help text, the recipe, and the first step of training.

Each start is a separate process. The recipe is the smallest one, on the CPU, so that the start is
measured and not the step. The frames of the stores are zeros that are not read from a disk.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from measure import Row, in_a_process, table
from sparse_stores import sparse_store

ORDINARY, MANY = 10_000, 1_000_000
FIVE_FOLDS = np.array([f"{fold}" for fold in range(1, 6)])
SPLITS = np.array(["train", "train", "train", "validation", "test"])


def first_step(spawned: float, *arguments: str) -> dict[str, float]:
    """Run `pretrain` up to its first step; return the seconds of that and of its imports."""
    from soundalike.cli.main import main
    from soundalike.datasets import prepare  # noqa: F401
    from soundalike.training import pretraining  # noqa: F401
    from soundalike.training.steps import Training

    imported = time.time()
    step = Training.step

    def step_and_leave(training: Training, number: int) -> None:
        step(training, number)
        now = time.time()
        seconds = {"from start": now - spawned, "from imports": now - imported}
        print(json.dumps(seconds), flush=True)
        os._exit(0)

    Training.step = step_and_leave
    sys.exit(main(["pretrain", *arguments, "--recipe", "tiny", "--encoder.width", "4"]))


def many_clips() -> Iterator[tuple[str, dict[str, np.ndarray], list[str]]]:
    """Yield tables of a million clips: a description, their columns, and further options."""
    rng = np.random.default_rng(0)
    classes = np.array([f"class {number}" for number in range(200)])
    labels, fold, split = (rng.choice(of, MANY) for of in (classes, FIVE_FOLDS, SPLITS))
    yield "no labels", {}, []
    yield "labels", {"label": labels}, []
    yield "folds", {"label": labels, "fold": fold}, ["--test_fold", "1"]
    yield "named splits", {"label": labels, "split": split}, []


def rows() -> Iterator[Row]:
    """Yield the seconds of each start."""
    for words, aim in (["--help"], "0.5 s"), (["pretrain", "--print_recipe"], "1 s"):
        started = time.time()
        command = [sys.executable, "-m", "soundalike", *words]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        yield Row(f"{' '.join(words)} (aim: under {aim})", time.time() - started, "s")

    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = sparse_store(folder / "ordinary", rng.integers(101, 1001, ORDINARY))
        seconds = in_a_process(__file__, time.time(), store, "--out", folder / "run")
        first = f"first step of pretrain, {ORDINARY:,} clips"
        yield Row(f"{first}, after the imports (aim: under 5 s)", seconds["from imports"], "s")
        yield Row(f"{first}, after the start", seconds["from start"], "s")
        for what, columns, more in many_clips():
            store = sparse_store(folder / what, rng.integers(101, 301, MANY), **columns)
            run = folder / f"run of {what}"
            seconds = in_a_process(__file__, time.time(), store, "--out", run, *more)
            first = f"first step of pretrain, {MANY:,} clips with {what}"
            yield Row(f"{first}, after the start (aim: under 30 s)", seconds["from start"], "s")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        first_step(float(sys.argv[1]), *sys.argv[2:])
    else:
        print(table(rows()))
