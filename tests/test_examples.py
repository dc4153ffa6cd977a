"""Examples run as they are."""

import json
import subprocess
import sys
from pathlib import Path

from soundalike.datasets.source import read_source

EXAMPLES = Path(__file__).parents[1] / "examples"


def test_five_folds(sound_folder, tmp_path):
    clips = read_source(sound_folder).rows[["path", "label"]]
    manifest = tmp_path / "clips.csv"
    clips.assign(fold=[str(number % 2) for number in range(24)]).to_csv(manifest, index=False)
    command = [
        sys.executable, EXAMPLES / "five_folds.py", manifest, "--out", tmp_path / "runs",
        "--recipe", "tiny", "--encoder.width", "4", "--training.n_epochs", "1",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "linear, pretrained encoder" in done.stdout
    pooled = json.loads((tmp_path / "runs" / "pooled.json").read_text())
    assert len(pooled) == 6
    assert all(row["interval"][0] <= row["balanced_accuracy"] for row in pooled.values())


def test_every_example_is_tested():
    tested = Path(__file__).read_text()
    for example in EXAMPLES.glob("*.py"):
        assert example.name in tested
