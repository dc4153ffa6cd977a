"""Embed thousands of short files, some of them broken, and kill the program again and again.

    python tests/soak.py --files 20000 --kill_every_s 60

In the end every intact file must have its rows, once, with the vectors that a fresh process gives
it; every broken file must be listed; and the anonymous memory of a run of two minutes or more must
not have grown by more than a tenth since its first half. Prints what was measured as JSON.
"""

import argparse
import itertools
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

import soundalike as sa

RATE = 22050
SHARE_BROKEN = 0.05
N_COMPARED = 100
MOST_GROWTH = 1.1  # of the memory at the end of a run over that in its first half
LONG_RUN_S = 120  # a shorter one is still importing in its first half
MOST_RUNS = 200
LOWEST_SIMILARITY = 0.999  # processors with native bfloat16 use it
DAMAGES: list[Callable[[bytes], bytes]] = [
    lambda content: b"",
    lambda content: content[:30],
    lambda content: content[: len(content) // 2],
    lambda content: b"no sound " * 100,
    lambda content: content[:40] + b"\xff\xff\xff\x00" + content[44:],
]


def make_sounds(folder: Path, n_files: int) -> tuple[set[str], set[str]]:
    """Write files of half a second; return the names of intact and of broken ones."""
    chance, intact, broken = np.random.default_rng(0), set(), set()
    damages = itertools.cycle(DAMAGES)
    for number in range(n_files):
        name = f"{number % 100:02d}/{number:06d}.wav"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        time_s = np.arange(round(chance.uniform(0.4, 0.6) * RATE)) / RATE
        tone = 0.3 * np.sin(2 * np.pi * chance.uniform(100, 8000) * time_s)
        soundfile.write(path, tone + 0.05 * chance.standard_normal(len(time_s)), RATE)
        is_broken = chance.random() < SHARE_BROKEN
        (broken if is_broken else intact).add(name)
        if is_broken:
            path.write_bytes(next(damages)(path.read_bytes()))
    return intact, broken


def memory_mb(pid: int) -> float:
    """Return the anonymous memory of a process, in MB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(float(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))


def runs(words: list[str], kill_every_s: float) -> Iterator[tuple[int, list[float]]]:
    """Run a command until it ends by itself; yield each exit code and the memory by second."""
    for _ in range(MOST_RUNS):
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        deadline, memory = time.monotonic() + kill_every_s, []
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(1)
            memory.append(memory_mb(process.pid))
        process.send_signal(signal.SIGKILL)
        _, errors = process.communicate()
        yield process.returncode, [each for each in memory if each]
        if process.returncode != -signal.SIGKILL:
            assert process.returncode == 0, errors.decode()
            return
    raise AssertionError("no progress: kill it less often")


def soak(folder: Path, n_files: int, kill_every_s: float) -> dict[str, object]:
    """Return what was measured; fails if anything was lost, doubled or wrong."""
    intact, broken = make_sounds(folder / "sounds", n_files)
    words = [sys.executable, "-m", "soundalike", "embed", folder / "sounds", "--out"]
    words = [str(word) for word in [*words, folder / "archive"]]
    start = time.monotonic()
    memory = [each for _, each in runs(words, kill_every_s)]
    seconds = time.monotonic() - start
    archive = sa.Archive.open(folder / "archive")
    clips = archive.clips()
    clips = clips[clips["is_complete"]]
    assert sorted(clips["path"]) == sorted(intact)
    rows = archive.to_pandas()
    assert not rows.duplicated(["path", "start_s"]).any()
    assert set(rows["path"]) == intact
    problems = pd.read_csv(folder / "archive.problems.csv")["path"]
    assert sorted(problems) == sorted(str(folder / "sounds" / name) for name in broken)
    some = rows.iloc[random.Random(0).sample(range(len(rows)), min(N_COMPARED, len(rows)))]
    model = sa.SoundEncoder.from_pretrained("default")
    expected = model.encode([str(folder / "sounds" / path) for path in some["path"]])
    similarity = np.diag(sa.SoundEncoder.similarity(np.stack(some["vector"]), expected)).min()
    return {
        "files": n_files,
        "broken": len(broken),
        "kills": len(memory) - 1,
        "rows": len(rows),
        "seconds": round(seconds),
        "lowest_similarity": float(similarity),
        "memory_mb": [[round(max(some)) for some in _tenths(each)] for each in memory],
        "growth": [_growth(each) for each in memory if len(each) >= LONG_RUN_S],
    }


def _growth(memory: list[float]) -> float:
    """Return the highest memory of the last tenth over that of the first half."""
    tenths = [max(some) for some in _tenths(memory)]
    return tenths[-1] / max(tenths[: len(tenths) // 2 + 1])


def _tenths(values: list[float]) -> list[list[float]]:
    """Cut values into ten parts, fewer if there are few."""
    n = max(1, -(-len(values) // 10))
    return [values[first : first + n] for first in range(0, len(values), n)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--kill_every_s", type=float, default=60)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        result = soak(Path(temporary), arguments.files, arguments.kill_every_s)
    print(json.dumps(result, indent=1))
    assert result["lowest_similarity"] > LOWEST_SIMILARITY, "a vector is wrong"
    assert max(result["growth"], default=1) < MOST_GROWTH, "memory grows"
