"""Commands on a disk that is full: one line, nothing lost, and they resume when there is space.

A file system in memory of a few megabytes is mounted, which takes root. Unlike a limit on the size
of files (test_bad_input.py), it fills up by many small files, in every library.
"""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from archives import untrained_model

from soundalike.cli import DONE, FAILED
from soundalike.search.archive import Archive

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount a file system"
    ),
]
TINY = [
    "--recipe", "tiny", "--encoder.width", "4", "--head.hidden_dim", "16", "--head.out_dim", "16",
    "--training.n_epochs", "2", "--training.batch_size", "10", "--training.precision", "32-true",
]  # fmt: skip


class Disk:
    """A file system of a few kilobytes.

    Args:
        path: an empty folder to mount it at.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self._mount("size=4k")

    def resize(self, n_kilobytes: int) -> None:
        """Change its size; it must not be smaller than what is in it."""
        self._mount(f"remount,size={n_kilobytes}k")

    def used_kilobytes(self) -> int:
        """Return how much of it is in use."""
        status = os.statvfs(self.path)
        return (status.f_blocks - status.f_bfree) * status.f_bsize // 1024

    def close(self) -> None:
        subprocess.run(["umount", "-l", self.path], check=True)

    def _mount(self, options: str) -> None:
        words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.path]
        subprocess.run(words, check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path):
    try:
        disk = Disk(tmp_path / "disk")
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no file system can be mounted here ({error})")
    with contextlib.closing(disk):
        yield disk


def results(out: Path) -> object:
    """What a command has made, without durations."""
    if (out / "archive.json").exists():
        table = Archive.open(out).to_pandas()
        return table.assign(vector=[v.tobytes() for v in table["vector"]]).to_csv()
    if (out / "metrics.csv").exists():
        weights = sorted((out / "encoder").iterdir())
        metrics = pd.read_csv(out / "metrics.csv").drop(columns="seconds").to_csv()
        return metrics, [path.read_bytes() for path in weights]
    if (out / "results.json").exists():
        files = [(out / name).read_bytes() for name in ("predictions.csv", "results.json")]
        return [content.replace(bytes(out), b"OUT") for content in files]
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


COMMANDS = {
    "prepare": "prepare SOUNDS --out OUT",
    "pretrain": "pretrain STORE --out OUT TINY",
    "evaluate": "evaluate MODEL STORE --out OUT",
    "embed": "embed MODEL SOUNDS --out OUT",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_resumes_as_a_full_disk_grows(
    command, disk, nursery, store, sound_folder, tmp_path
):
    untrained_model().save(tmp_path / "model")
    text = COMMANDS[command].replace("TINY", " ".join(TINY))
    names = {"MODEL": tmp_path / "model", "SOUNDS": sound_folder, "STORE": store.path}

    def run(out: Path):
        words = [str(names.get(word, word)) for word in text.replace("OUT", str(out)).split()]
        return nursery.run("-m", "soundalike", *words)

    process = run(tmp_path / "whole")
    assert process.returncode == DONE, process.stderr
    n_kilobytes = (
        sum(path.stat().st_size for path in (tmp_path / "whole").rglob("*") if path.is_file())
        // 1024
    )
    failures = []
    for size in np.unique(np.geomspace(8, 6 * n_kilobytes, 16).round().astype(int)).tolist():
        disk.resize(max(size, disk.used_kilobytes() + 4))
        process = run(disk.path / "out")
        if process.returncode == DONE:
            break
        lines = [line for line in process.stderr.splitlines() if line.startswith("soundalike: ")]
        assert process.returncode == FAILED, process.stderr
        assert "Traceback" not in process.stderr, process.stderr
        assert len(lines) == 1, process.stderr
        assert "free some" in lines[0] or "cannot be written" in lines[0], lines[0]
        failures.append(lines[0])
    assert process.returncode == DONE
    assert len(failures) > 2
    assert results(disk.path / "out") == results(tmp_path / "whole")
    assert not list(disk.path.rglob("*.partial"))
    print(f"{command}: {len(failures)} full disks")
