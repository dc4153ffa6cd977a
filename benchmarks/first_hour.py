"""The first hour of a new user: the README's commands in order, quiet and beside a busy process.

600 labeled clips in 12 folders and 600 others are made by code, 1 to 2 seconds each, as from a
game. Every command runs as a program of its own, in a new folder, so what an earlier command left
is used as it would be; `make demo` runs in a new clone and installs everything into it, from
wherever pip is set up to look. The busy process is one endless loop, which takes a core of its own.

Run: python benchmarks/run.py first_hour, on an idle machine, with all changes committed; it takes
most of an hour. To try it, name a number of clips per class: python benchmarks/first_hour.py 6
"""

import functools
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from measure import beside, figure

from soundalike.datasets.synthetic import SAMPLE_RATE
from soundalike.runtime.workers import map_in_processes
from soundalike.synthesis.recording import record
from soundalike.synthesis.sounds import SOUNDS

ROOT = Path(__file__).resolve().parents[1]
N_CLASSES, N_PER_CLASS = 12, 50  # and as many others as labeled clips
LONGEST_S = 2
SOUNDALIKE = [sys.executable, "-m", "soundalike"]
MAKE = ["make", "-C", "clone", f"PYTHON={sys.executable}"]


@dataclass(frozen=True)
class Command:
    """A command of the README.

    Args:
        words: as the user types them.
        aim: what it should take on two quiet cores with AVX2.
    """

    words: str
    aim: str

    @property
    def program(self) -> list[str]:
        """What runs: the same command with this Python."""
        name, *arguments = self.words.split()
        return (MAKE if name == "make" else SOUNDALIKE) + arguments


COMMANDS = [
    Command("make demo", "300 s"),
    Command("soundalike pretrain --print_recipe", "1 s"),
    Command("soundalike scan sounds", "20 s"),
    Command("soundalike views sounds", "15 s"),
    Command("soundalike pretrain sounds --out runs/mine --minutes 5", "285 to 315 s"),
    Command("soundalike evaluate runs/mine sounds --out evaluation", "90 s"),
    Command("soundalike classify evaluation sounds --out names.csv", "30 s"),
    Command("soundalike embed runs/mine sounds --out mine.parquet", "30 s"),
]


def write_sounds(root: Path, n_per_class: int = N_PER_CLASS) -> None:
    """Write labeled clips in folders by class, and as many unlabeled ones in the folder itself."""
    for name in list(SOUNDS)[:N_CLASSES]:
        (root / name).mkdir(parents=True)
    write = functools.partial(_write_sound, root, N_CLASSES * n_per_class)
    for _ in map_in_processes(write, range(2 * N_CLASSES * n_per_class)):
        pass


def _write_sound(root: Path, n_labeled: int, number: int) -> None:
    rng = np.random.RandomState(number)
    name = list(SOUNDS)[number % N_CLASSES]
    waveform = record(SOUNDS[name], rng)[: int(rng.uniform(1, LONGEST_S) * SAMPLE_RATE)]
    folder = root / name if number < n_labeled else root
    soundfile.write(folder / f"{number}.wav", waveform, SAMPLE_RATE)


def seconds_of(command: Command, folder: Path) -> tuple[float, float]:
    """Run a command; return its wall and its processor seconds, and print them on standard error.

    Raises:
        SystemExit: it failed; the end of its output is printed.
    """
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    process = subprocess.run(
        command.program, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if process.returncode:
        output = process.stdout.decode(errors="replace")[-3000:]
        raise SystemExit(f"{output}\n{command.words}: exit code {process.returncode}")
    print(f"  {wall:7.1f} s, {used:7.1f} s of processors: {command.words}", file=sys.stderr)
    return wall, used


def hour(sounds: Path, n_busy: int) -> list[tuple[float, float]]:
    """Return the seconds of all commands beside some busy processes."""
    print(f"beside {n_busy} busy processes" if n_busy else "quiet", file=sys.stderr)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(sounds, folder / "sounds")
        subprocess.run(["git", "clone", "-q", ROOT, folder / "clone"], check=True)
        with beside(n_busy):
            return [seconds_of(command, folder) for command in COMMANDS]


def main(n_per_class: int = N_PER_CLASS) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        sounds = Path(name) / "sounds"
        write_sounds(sounds, n_per_class)
        quiet, busy = hour(sounds, 0), hour(sounds, 1)
    print("| command | aim, quiet | quiet | processor seconds | beside a busy process | ratio |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for command, (wall, used), (busy_wall, _) in zip(COMMANDS, quiet, busy, strict=True):
        cells = [command.aim, *map(figure, (wall, used, busy_wall)), f"{wall / busy_wall:.2f}"]
        print(f"| `{command.words}` | {' | '.join(cells)} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
