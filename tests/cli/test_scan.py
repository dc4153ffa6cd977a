"""The command scan and its table."""

import json
import os
import subprocess
import sys
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
import soundfile

from soundalike.cli import DONE
from soundalike.cli.scan import print_scan
from soundalike.datasets.clips import Problem
from soundalike.datasets.near_duplicates import NearDuplicate, NearDuplicates
from soundalike.datasets.scan import ScanReport

REPORT = ScanReport(
    source="mine",
    n_clips=1200,
    n_readable=1193,
    hours=1.5,
    duration_s={"shortest": 0.5, "quarter": 1, "median": 2, "three_quarters": 3, "longest": 9},
    sample_rates={44100: 1000, 22050: 193},
    channels={1: 1193},
    n_training=1193,
    unlabeled=["loose.wav"],
    labels={f"class {number}": number for number in range(1, 15)},
    splits={},
    folds={},
    silent=[],
    short=["knock.wav"],
    past_end=[],
    clipped=["loud.wav"],
    cancelling=[],
    above_band=["bat.wav", "bird.wav"],
    below_band=[],
    identical=[["a.wav", "b.wav"]],
    identical_across_splits=[],
    problems=[
        Problem(f"{number}.wav", "empty", f"{number}.wav: empty: [gone]") for number in range(7)
    ],
    notes=["label from column '[class]'"],
    advice=["bat.wav and 1 more: 97% of the energy is above [10,500] Hz"],
)


def test_results_count_clips_and_labels(results_of, sound_folder):
    report, _ = results_of("scan", sound_folder, "--workers", 1)
    assert (report["n_clips"], report["labels"]) == (24, {"high": 8, "low": 8, "middle": 8})


def test_the_front_end_can_be_set(results_of, sound_folder):
    """The tones of `high` are at 5 kHz and above."""
    report, _ = results_of("scan", sound_folder, "--workers", 1, "--front_end.fmax", 4000)
    assert len(report["above_band"]) == 8
    assert "above 4,000 Hz" in report["advice"][0]


def test_the_table_has_counts_and_the_first_names(capsys):
    print_scan(REPORT)
    text = capsys.readouterr().out
    for words in ("1,200 (1,193 readable)", "44100 (1,000)", "14 in all", "loud.wav"):
        assert words in text
    assert "a.wav = b.wav" in text
    assert "4.wav: empty: [gone]" in text
    assert "5.wav" not in text
    assert "2 more: --csv FILE" in text
    assert "1,193 clips" in text
    assert "90 min" in text
    assert "0.5 s to 9 s, median 2 s" in text
    assert "1: harmless for pre-training; evaluation leaves them out" in " ".join(text.split())
    assert "silent" not in text
    assert "1: harmless; each is repeated until it is long enough" in " ".join(text.split())
    assert "bird.wav" in text
    assert "97% of the energy is above [10,500] Hz" in text
    assert "label from column '[class]'" in text


def test_names_with_brackets_and_colons_are_printed_as_they_are(capsys):
    names = {"labels": {"[noise]": 3, ":dog:": 2}, "clipped": ["bird [male].wav"]}
    print_scan(replace(REPORT, source="birds/[/old]", **names))
    text = capsys.readouterr().out
    for name in ("birds/[/old]", "[noise] (3), :dog: (2)", "bird [male].wav"):
        assert name in text


def test_a_source_without_readable_clips_is_no_error(capsys):
    nothing = dict.fromkeys((field.name for field in fields(ScanReport)), ())
    empty = ScanReport(
        **nothing | {"source": "x", "n_clips": 0, "n_readable": 0, "n_training": 0, "hours": 0}
    )
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


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """Two folders: noise and a copy of a part of it, encoded and quieter."""
    root = tmp_path_factory.mktemp("copies")
    noise = 0.2 * np.random.default_rng(0).standard_normal(4 * 8000)
    for name in "ab":
        (root / name).mkdir()
    soundfile.write(root / "a" / "noise.wav", noise, 8000)
    soundfile.write(root / "b" / "part.ogg", 0.1 * noise[8000:-4000], 8000)
    return root


@pytest.mark.parametrize("words", [["a", "--duplicates", "b"], [".", "--duplicates"]])
def test_near_duplicates_are_counted_printed_and_listed(words, copies, call, monkeypatch, capsys):
    monkeypatch.chdir(copies)
    assert call("scan", *words, "--workers", 1, "--csv", "pairs.csv", "--json", "x.json") == DONE
    text = capsys.readouterr().out
    assert f"1 (in {1 if words[0] == 'a' else 2} of " in text
    assert "part.ogg" in text
    assert "s is in" in text
    (row,) = pd.read_csv("pairs.csv").query("finding == 'near_duplicates'").to_dict("records")
    (pair,) = json.loads((copies / "x.json").read_text())["near_duplicates"]["pairs"]
    assert {name: row[name] for name in pair} == pair
    assert pair["correlation"] > 0.9


def test_without_the_option_near_duplicates_are_not_looked_for(copies, results_of):
    report, _ = results_of("scan", copies, "--workers", 1)
    assert "near_duplicates" not in report


def test_what_is_found_is_counted_listed_and_comes_with_advice(tmp_path, call, capsys):
    """Also a file that looks like audio and is no source, and sounds without a label."""
    sounds = tmp_path / "sounds"
    (sounds / "dog").mkdir(parents=True)
    soundfile.write(sounds / "dog" / "a.wav", np.sin(np.arange(8000) / 5) / 2, 8000)
    for number in range(7):
        soundfile.write(sounds / f"{number}.wav", np.zeros(8000), 8000)
    (sounds / "tune.mid").write_bytes(b"MThd")
    csv, json_file = tmp_path / "x.csv", tmp_path / "x.json"
    assert call("scan", sounds, "--workers", 1, "--csv", csv, "--json", json_file) == DONE
    text = " ".join(capsys.readouterr().out.split())
    assert "7: there is nothing to learn from silence" in text
    assert "7: harmless for pre-training" in text
    assert "1: not read .mid (1)" in text
    rows = pd.read_csv(csv)
    assert rows["finding"].value_counts().to_dict() == {
        "unlabeled": 7, "silent": 7, "problem: not read": 1,
    }  # fmt: skip
    report = json.loads(json_file.read_text())
    assert len(report["unlabeled"]) == len(report["silent"]) == 7
    assert (report["n_clips"], report["n_training"]) == (8, 8)


def test_the_table_has_the_first_pairs_and_problems_of_the_other_source(capsys):
    pairs = [NearDuplicate(n, f"[{n}].wav", 0, 5, 9, "b.ogg", 12.3, 0.97, n == 0) for n in range(7)]
    problems = [*REPORT.problems, Problem("x.ogg", "empty", "x.ogg: empty")]
    print_scan(REPORT, NearDuplicates(pairs, problems))
    text = capsys.readouterr().out
    assert "7 (in 8 of 1,193 clips); 1 across splits or folds" in text
    assert "[4].wav 0.0-5.0 s is in b.ogg at 12.3 s, correlation 0.97" in text
    assert "[5].wav" not in text
    assert "2 more: --csv FILE lists all" in text
    assert "x.ogg: empty" in text
    print_scan(REPORT, NearDuplicates(pairs, problems, is_within=False))
    assert "7 (in 7 of 1,193 clips)" in capsys.readouterr().out
    print_scan(REPORT, NearDuplicates([], []))
    assert "near-duplicates" in capsys.readouterr().out
