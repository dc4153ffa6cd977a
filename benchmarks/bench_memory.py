"""Peak memory of preparing, scanning and training, for few and for many sounds.

For commands with workers this is the proportional set size (PSS) of all their processes; for
training it is the anonymous memory (RssAnon) after ten steps. A million clips are only a table
here: their audio is never decoded.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from measure import Row, in_a_process, table
from sparse_stores import sparse_store

RATE, MANY, N_STEPS = 22050, 1_000_000, 10
AIM = "(aim: under 1,024 MB)"


def sounds(folder: Path, seconds: list[int]) -> Path:
    """Write files of noise with these durations."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number, duration_s in enumerate(seconds):
        with soundfile.SoundFile(folder / f"{number}.wav", "w", RATE, 1) as file:
            for _ in range(duration_s):
                file.write(rng.uniform(-0.5, 0.5, RATE))
    return folder


def manifest_of_many(folder: Path) -> Path:
    """Write a manifest of a million segments of one file, in splits and classes."""
    (folder / "sound.wav").touch()
    number = np.arange(MANY)
    rows = {
        "path": "sound.wav",
        "label": [f"class {label}" for label in number % 200],
        "split": np.array(["train", "validation", "test"])[number % 3],
        "start_s": number,
    }
    pd.DataFrame(rows).to_csv(folder / "many.csv", index=False)
    return folder / "many.csv"


def prepare_undecoded(manifest: str, out: str) -> None:
    """Prepare, but with one frame of zeros per clip instead of its audio."""
    from soundalike.cli.main import main
    from soundalike.datasets import prepare

    prepare._make_part = _make_empty_part
    sys.exit(main(["prepare", manifest, "--out", out, "--workers", "2"]))


def _make_empty_part(front_end, part) -> tuple[int, float]:
    n_clips = len(part.items)
    first = part.number * n_clips
    part.file(".float16").write_bytes(bytes(2 * front_end.n_mels * n_clips))
    numbers = range(first, first + n_clips)
    part.finish([{"n_frames": 1, "audio": f"{n:032x}", "stamp": [1, 1]} for n in numbers])
    return n_clips, 0.0


def scan_undecoded(manifest: str) -> None:
    """Scan, but with one second of audio per clip instead of its own."""
    from soundalike.cli.main import main
    from soundalike.datasets import scan

    scan._scan_clip = lambda front_end, clip: scan._ClipFacts(
        1.0, RATE, 1, False, False, False, (0.0, 0.0, 0.0, 0.0), f"{clip.start_s:032.0f}"
    )
    sys.exit(main(["scan", manifest, "--workers", "1"]))


def pretrain(store: str, out: str) -> None:
    """Run a few steps of the smallest training, and print its anonymous memory."""
    from soundalike.cli.main import main
    from soundalike.training.steps import Training

    step = Training.step

    def step_and_leave(training: Training, number: int) -> object:
        if number == N_STEPS:
            print(json.dumps(megabytes("/proc/self/status")), flush=True)
            sys.exit(0)
        return step(training, number)

    Training.step = step_and_leave
    main(["pretrain", store, "--out", out, "--recipe", "tiny", "--encoder.width", "4"])


def megabytes(path: str) -> dict[str, float]:
    """Return the amounts of memory in a file of /proc, by name."""
    lines = [line.split() for line in Path(path).read_text().splitlines()]
    return {line[0].rstrip(":"): int(line[1]) / 1024 for line in lines if line[-1:] == ["kB"]}


def processes(parent: int) -> Iterator[int]:
    """Yield a process and all of its descendants."""
    yield parent
    for children in Path(f"/proc/{parent}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from processes(int(child))


def peak_mb(*command: object) -> float:
    """Run a command and return the peak memory of all its processes together."""
    peak = 0.0
    with subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL) as running:
        while running.poll() is None:
            try:
                each = [megabytes(f"/proc/{of}/smaps_rollup") for of in processes(running.pid)]
                peak = max(peak, sum(of["Pss"] for of in each))
            except (OSError, KeyError):  # one of them has ended meanwhile
                continue
            time.sleep(0.05)
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, command)
    return peak


def rows() -> Iterator[Row]:
    """Yield the memory of every command, for few and for many sounds."""
    soundalike = (sys.executable, "-m", "soundalike")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = {"20 clips of 10 s": [10] * 20, "100 of them and one of 1 h": [10] * 100 + [3600]}
        for what, seconds in sizes.items():
            source = sounds(folder / what, seconds)
            command = ("prepare", source, "--out", folder / f"store of {what}", "--workers", "2")
            yield Row(f"prepare, 2 workers, {what} {AIM}", peak_mb(*soundalike, *command), "MB")

        script, many = (sys.executable, __file__), manifest_of_many(folder)
        peak = peak_mb(*script, "prepare", many, folder / "many")
        yield Row(f"prepare, 2 workers, {MANY:,} clips {AIM}", peak, "MB")
        yield Row(f"scan, {MANY:,} clips {AIM}", peak_mb(*script, "scan", many), "MB")

        n_frames = {
            "1,000 clips, 38 MB": np.full(1000, 200),
            "1,000 clips, 38 GB": np.full(1000, 200_000),
            f"{MANY:,} clips, 38 GB": np.full(MANY, 200),
        }
        smallest = None
        for what, lengths in n_frames.items():
            store = sparse_store(folder / what, lengths)
            anonymous = in_a_process(__file__, "pretrain", store, folder / f"run of {what}")
            against = "" if smallest is None else "the store of 38 MB"
            yield Row(f"pretrain, {what}", anonymous["RssAnon"], "MB", smallest, against)
            smallest = smallest or anonymous["RssAnon"]


if __name__ == "__main__":
    works = {"prepare": prepare_undecoded, "scan": scan_undecoded, "pretrain": pretrain}
    if len(sys.argv) > 1:
        works[sys.argv[1]](*sys.argv[2:])
    else:
        print(table(rows()))
