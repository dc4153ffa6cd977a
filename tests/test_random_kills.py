"""Commands that are killed at random moments, again and again, end with the results of one run."""

import contextlib
import dataclasses
import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from archives import untrained_model

from soundalike.cli import DONE
from soundalike.paper.results import read_cells
from soundalike.search.archive import Archive

N_KILLS = 25  # of each command
MOST_RUNS = 100  # on a busy machine, whose first run took longest, many end before they are killed
MOST_KILLS = 6  # of one run
TINY = [
    "--recipe", "tiny", "--encoder.width", "4", "--head.hidden_dim", "16", "--head.out_dim", "16",
    "--training.n_epochs", "40", "--training.batch_size", "10", "--training.precision", "32-true",
]  # fmt: skip
# Commands in this process, with little work between the moments from which they resume.
COMMAND = """
import sys
from soundalike.cli.main import main
from soundalike.datasets import prepare
from soundalike.embedding import vector_cache
from soundalike.paper.budgets import BUDGETS, Budget
from soundalike.runtime import lock
from soundalike.search import fill
from soundalike.training import loop

prepare.CLIPS_PER_PART = fill.CLIPS_PER_PART = vector_cache.CLIPS_PER_PART = 2
loop.SECONDS_PER_CHECKPOINT = 0.1
lock.PATIENCE_S = 300  # workers of a command that was killed may take a moment to end
short = {"training.n_epochs": 6, "training.batch_size": 8, "training.precision": "32-true"}
BUDGETS["tiny"] = Budget(
    "", {**short, "monitor.k": None}, short, widths={"resnet18": 2}, n_linear_epochs=3
)
sys.exit(main(sys.argv[1:]))
"""


def files_of(folder: Path) -> dict[str, bytes]:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def trained(run: Path) -> object:
    metrics = pd.read_csv(run / "metrics.csv").drop(columns="seconds")
    return metrics.to_csv(), files_of(run / "encoder")


def evaluated(out: Path) -> object:
    files = [(out / name).read_bytes() for name in ("predictions.csv", "results.json")]
    return [content.replace(bytes(out), b"OUT") for content in files]


def cells(out: Path) -> object:
    return [dataclasses.replace(cell, seconds=0.0) for cell in read_cells(out)]


def rows(archive: Path) -> object:
    table = Archive.open(archive).to_pandas()
    return table.assign(vector=[vector.tobytes() for vector in table["vector"]]).to_csv()


SHARDS = [f"embed MODEL SOUNDS --out OUT/shards --shard {number}/2" for number in (1, 2)]
JOBS: dict[str, tuple[list[str], Callable[[Path], object]]] = {
    "prepare": (["prepare SOUNDS --out OUT --workers 2"], files_of),
    "pretrain": (["pretrain STORE --out OUT TINY"], trained),
    "evaluate": (["evaluate MODEL STORE --out OUT"], evaluated),
    "paper": (
        ["paper STORE --out OUT --budget tiny --seeds 1 --only temperature"],
        cells,
    ),
    "embed": (["embed MODEL SOUNDS --out OUT"], rows),
    "embed to a file": (["embed MODEL SOUNDS --out OUT/rows.parquet"], files_of),
    "embed in shards": ([*SHARDS, "merge OUT/shards --out OUT/all"], lambda out: rows(out / "all")),
}


@pytest.fixture
def words_of(store, sound_folder, tmp_path):
    """Return a function from a command as text, and its output, to the words of the program."""
    untrained_model().save(tmp_path / "model")
    names = {"MODEL": tmp_path / "model", "SOUNDS": sound_folder, "STORE": store.path}

    def words(command: str, out: Path) -> list[str]:
        text = command.replace("TINY", " ".join(TINY)).replace("OUT", str(out))
        return ["-c", COMMAND, *(str(names.get(word, word)) for word in text.split())]

    return words


@pytest.mark.slow
@pytest.mark.parametrize("job", JOBS)
def test_random_kills_make_no_difference(job, nursery, words_of, tmp_path):
    commands, result = JOBS[job]
    nursery.run("-c", "")  # has its imports done before it is timed
    durations_s = []
    for command in commands:
        start = time.monotonic()
        process = nursery.run(*words_of(command, tmp_path / "whole"))
        assert process.returncode == DONE, process.stderr
        durations_s.append(time.monotonic() - start)
    expected, chance, n_kills = result(tmp_path / "whole"), random.Random(0), 0
    for number in range(MOST_RUNS):
        out = tmp_path / str(number)
        for command, duration_s in zip(commands, durations_s, strict=True):
            n_kills += killed_at_random(nursery, words_of(command, out), duration_s, chance)
        assert result(out) == expected
        assert not list(out.rglob("*.partial"))
        if n_kills >= N_KILLS:
            break
    assert n_kills >= N_KILLS
    print(json.dumps({"job": job, "kills": n_kills, "runs": number + 1}))


def killed_at_random(nursery, words, duration_s: float, chance: random.Random) -> int:
    """Start a command, kill it, and so on, until it ends; return the number of kills."""
    for n_kills in range(MOST_KILLS + 1):
        program = nursery.start(*words)
        limit_s = 300.0 if n_kills == MOST_KILLS else chance.uniform(0, duration_s)
        if program.poll(limit_s) is not None:
            _, errors = program.communicate()
            assert program.returncode == DONE, errors
            return n_kills
        kill = os.killpg if chance.random() < 0.5 else os.kill  # with its workers, or alone
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            kill(program.pid, signal.SIGKILL)
        program.communicate()
    raise AssertionError("it hangs")
