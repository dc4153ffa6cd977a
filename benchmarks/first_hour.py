"""The first hour of a new user: the README's commands in order, quiet and beside a busy process.

600 labeled clips in 12 folders and 600 others are made by code, 1 to 2 seconds each, as from a
game. Every command runs as a program of its own, in a new folder, so what an earlier command left
is used as it would be. The busy process is one endless loop, which takes a core of its own. With
installation the demo should take 300 s, so it is given what the installation leaves.

Run: python benchmarks/run.py first_hour, on an idle machine; it takes half an hour.
"""

import contextlib
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from measure import figure
from run import processor

from soundalike.datasets.synthetic import SAMPLE_RATE
from soundalike.synthesis.recording import record
from soundalike.synthesis.sounds import SOUNDS

N_CLASSES, N_PER_CLASS, N_OTHERS = 12, 50, 600
LONGEST_S = 2
BUSY = "while True: pass"


@dataclass(frozen=True)
class Command:
    """A command of the README.

    Args:
        words: the words after ``soundalike``.
        aim: what it should take on two quiet cores with AVX2.
    """

    words: list[str]
    aim: str


COMMANDS = [
    Command(["pretrain", "--print_recipe"], "1 s"),
    Command(["demo", "--out", "demo"], "120 s"),
    Command(["scan", "sounds"], "20 s"),
    Command(["views", "sounds"], "15 s"),
    Command(["pretrain", "sounds", "--out", "runs/mine", "--minutes", "5"], "285 to 315 s"),
    Command(["evaluate", "runs/mine", "sounds", "--out", "evaluation"], "90 s"),
    Command(["classify", "evaluation", "sounds", "--out", "names.csv"], "30 s"),
    Command(["embed", "runs/mine", "sounds", "--out", "mine.parquet"], "30 s"),
]


def write_sounds(root: Path) -> None:
    """Write labeled clips in folders by class, and unlabeled ones in the folder itself."""
    rng = np.random.default_rng(0)
    names = list(SOUNDS)[:N_CLASSES]
    for number in range(N_CLASSES * N_PER_CLASS + N_OTHERS):
        is_labeled = number < N_CLASSES * N_PER_CLASS
        folder = root / names[number % N_CLASSES] if is_labeled else root
        folder.mkdir(parents=True, exist_ok=True)
        n_samples = int(rng.uniform(1, LONGEST_S) * SAMPLE_RATE)
        waveform = record(SOUNDS[names[number % N_CLASSES]], np.random.RandomState(number))
        soundfile.write(folder / f"{number}.wav", waveform[:n_samples], SAMPLE_RATE)


@contextlib.contextmanager
def beside(n_busy: int) -> Iterator[None]:
    """Keep some processors busy."""
    loops = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(n_busy)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def seconds_of(command: Command, folder: Path) -> tuple[float, float]:
    """Run a command; return its wall and its processor seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with (folder / "log.txt").open("a") as log:
        program = [sys.executable, "-m", "soundalike", *command.words]
        subprocess.run(program, cwd=folder, stdout=log, stderr=log, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - start, used


def hour(n_busy: int) -> list[tuple[float, float]]:
    """Return the seconds of all commands beside some busy processes."""
    with tempfile.TemporaryDirectory() as name:
        write_sounds(Path(name) / "sounds")
        with beside(n_busy):
            return [seconds_of(command, Path(name)) for command in COMMANDS]


def main() -> None:
    """Print the table."""
    quiet, busy = hour(0), hour(1)
    print(f"{processor()}, {os.cpu_count()} cores, {platform.python_version()}\n")
    print("| command | aim, quiet | quiet | processor seconds | beside a busy process | ratio |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for command, (wall, used), (busy_wall, _) in zip(COMMANDS, quiet, busy, strict=True):
        cells = [command.aim, *map(figure, (wall, used, busy_wall)), f"{wall / busy_wall:.2f}"]
        print(f"| `soundalike {' '.join(command.words)}` | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
