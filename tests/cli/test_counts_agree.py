"""The commands scan, views and pretrain say the same about the same folder."""

import json

import numpy as np
import pytest
import soundfile

from soundalike.cli import DONE

pytestmark = pytest.mark.usefixtures("rough_sounds")
RATE = 22050


def hiss(duration_s, seed, level=0.5):
    """Return noise: [samples]."""
    return np.random.default_rng(seed).uniform(-level, level, round(duration_s * RATE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve sounds: two cannot be read, three are silent, one is short, one is a copy."""
    root = tmp_path_factory.mktemp("odd sounds")
    for name, seeds in {"rain": [10, 11], "wind": [20, 21]}.items():
        (root / name).mkdir()
        for seed in seeds:
            soundfile.write(root / name / f"{seed}.wav", hiss(1.2, seed), RATE)
    soundfile.write(root / "rain" / "copy.wav", hiss(1.2, 10), RATE)
    soundfile.write(root / "rain" / "offset.wav", np.full(2 * RATE, 0.1), RATE)
    soundfile.write(root / "rain" / "nothing.wav", np.zeros(2 * RATE), RATE)
    soundfile.write(root / "wind" / "faint.wav", hiss(2, 30, 5e-5), RATE, subtype="FLOAT")
    soundfile.write(root / "wind" / "short.wav", hiss(0.4, 40), RATE)
    (root / "rain" / "broken.wav").write_text("no sound")
    soundfile.write(root / "loose.wav", hiss(1.2, 50), RATE)
    (root / "rain" / "empty.wav").touch()
    (root / "rain" / "song.mid").write_bytes(b"MThd")
    return root


@pytest.fixture(scope="module")
def scanned(folder, call, tmp_path_factory):
    """What scan writes with --json."""
    file = tmp_path_factory.mktemp("scan") / "scan.json"
    assert call("scan", folder, "--recipe", "tiny", "--workers", 1, "--json", file) == DONE
    return json.loads(file.read_text())


def test_scan_counts_every_kind_of_clip(scanned):
    counts = {key: len(value) for key, value in scanned.items() if isinstance(value, list)}
    assert (scanned["n_clips"], scanned["n_readable"], scanned["n_training"]) == (12, 10, 10)
    assert (counts["silent"], counts["short"], counts["unlabeled"]) == (3, 1, 1)
    assert (counts["identical"], counts["problems"]) == (1, 3)


def test_views_counts_as_scan_does(scanned, folder, results_of, parse_html, tmp_path):
    page = tmp_path / "views.html"
    words = ["--recipe", "tiny", "--views.mix_back", "null", "--pairs", 12, "--out", page]
    results, _ = results_of("views", folder, *words)
    assert results["n_clips"] == scanned["n_clips"]
    assert results["n_pairs"] == scanned["n_training"]
    assert results["n_silent_patches"] == 2 * len(scanned["silent"])
    views = parse_html(page.read_text(encoding="utf-8"))
    facts = dict(zip(views.text["dt"], views.text["dd"], strict=True))
    assert facts["clips listed for training"] == "12"
    assert facts["unreadable clips"] == "2 of 12"
    assert facts["clips repeated"] == "1 of 10"
    assert "still listed for training; training leaves them out" in views.html


def test_pretrain_counts_as_scan_does(scanned, folder, call, tiny_options, tmp_path, capsys):
    words = ["pretrain", folder, "--out", tmp_path / "run", *tiny_options, "--training.n_epochs", 1]
    assert call(*words) == DONE
    output = capsys.readouterr()
    n_labeled = scanned["n_training"] - len(scanned["unlabeled"])
    assert f"trains on {scanned['n_training']} clips" in output.err
    assert "silent between 50 and 10500 Hz: 3 of the training clips" in output.err
    assert f"kNN monitor: {n_labeled} labeled clips" in output.err
    assert f"skipped {len(scanned['problems'])} (see " in output.out.splitlines()[-1]
