"""The command scan and its table."""

import json
import os
import subprocess
import sys
from dataclasses import fields

import numpy as np
import soundfile

from soundalike.cli import DONE
from soundalike.cli.scan import print_scan
from soundalike.datasets.clips import Problem
from soundalike.datasets.scan import ScanReport

REPORT = ScanReport(
    source="mine",
    n_clips=1200,
    n_readable=1193,
    hours=1.5,
    duration_s={"shortest": 0.5, "quarter": 1, "median": 2, "three_quarters": 3, "longest": 9},
    sample_rates={44100: 1000, 22050: 193},
    channels={1: 1193},
    labels={f"class {number}": number for number in range(1, 15)},
    splits={},
    folds={},
    silent=[],
    clipped=["loud.wav"],
    cancelling=[],
    identical=[["a.wav", "b.wav"]],
    identical_across_splits=[],
    problems=[
        Problem(f"{number}.wav", "empty", f"{number}.wav: empty: [gone]") for number in range(7)
    ],
    notes=["label from column '[class]'"],
)


def test_results_count_clips_and_labels(results_of, sound_folder):
    report, _ = results_of("scan", sound_folder, "--workers", 1)
    assert (report["n_clips"], report["labels"]) == (24, {"high": 8, "low": 8, "middle": 8})


def test_the_table_has_counts_and_the_first_names(capsys):
    print_scan(REPORT)
    text = capsys.readouterr().out
    for words in ("1,200 (1,193 readable)", "44100 (1,000)", "14 in all", "loud.wav"):
        assert words in text
    assert "a.wav = b.wav" in text
    assert "4.wav: empty: [gone]" in text
    assert "5.wav" not in text
    assert "2 more: --json" in text
    assert "silent" not in text
    assert "label from column '[class]'" in text


def test_a_source_without_readable_clips_is_no_error(capsys):
    nothing = dict.fromkeys((field.name for field in fields(ScanReport)), ())
    empty = ScanReport(**nothing | {"source": "x", "n_clips": 0, "n_readable": 0, "hours": 0})
    print_scan(empty)
    assert "none" in capsys.readouterr().out


def test_names_with_characters_the_terminal_cannot_encode(tmp_path):
    sounds = tmp_path / "sounds" / "hör犬"
    sounds.mkdir(parents=True)
    soundfile.write(sounds / "ß.wav", np.zeros(8000), 8000)
    words = ["scan", tmp_path / "sounds", "--workers", "1", "--json", tmp_path / "report.json"]
    child = subprocess.run(
        [sys.executable, "-m", "soundalike", *words],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert child.returncode == DONE, child.stderr
    assert r"h\xf6r\u72ac" in child.stdout
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["labels"] == {"hör犬": 1}
