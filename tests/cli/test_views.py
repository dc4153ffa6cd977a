"""The command views, and that scan, views and pretrain count the same clips of a folder."""

import json

import numpy as np
import pytest
import soundfile

from soundalike.cli import DONE

RATE = 22050


def test_the_page_shows_pairs_of_sounds_or_a_store(results_of, sound_folder, store, tmp_path):
    page = tmp_path / "pages" / "views.html"
    peak = ["--front_end.level", "peak"]  # as in the store
    for source in (sound_folder, store.path):
        words = ["--out", page, "--pairs", 2, "--seed", 5, "--views.blur", "{}", *peak]
        results, last = results_of("views", source, *words)
        assert results == {
            "n_clips": 24, "n_pairs": 2, "n_silent_patches": 0, "page": str(page),
        }  # fmt: skip
        assert last == f"open {page}"
        html = page.read_text()
        assert html.count("<b>blur</b>") == 4
        assert html.count("<figcaption>") == 2 * 6


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "required: SOURCE"),
        (["x", "--pairs", "0"], "argument --pairs: '0': expected a whole number from 1"),
        (["no/such"], "no/such: no such file or folder"),
        (
            ["x", "--recipe", "finetune"],
            "finetune is a supervised recipe, not a pretraining recipe: choose one of default",
        ),
        (["x", "--views.nois.std", "1"], "'nois' is not known: did you mean 'noise'?"),
        (["x", "--out", "."], "argument --out: '.' is a folder: name a file"),
    ],
)
def test_wrong_use(refusal, words, message):
    assert message in refusal("views", *words)


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


@pytest.mark.usefixtures("rough_sounds")
def test_views_counts_as_scan_does(scanned, folder, results_of, parse_html, tmp_path):
    page = tmp_path / "views.html"
    words = ["--recipe", "tiny", "--views.mix_back", "null", "--pairs", 12, "--out", page]
    results, _ = results_of("views", folder, *words)
    assert results["n_clips"] == scanned["n_clips"]
    assert results["n_pairs"] == scanned["n_training"]
    assert results["n_silent_patches"] == 2 * len(scanned["silent"])
    views = parse_html(page.read_text(encoding="utf-8"))
    facts = dict(zip(views.text["dt"], views.text["dd"], strict=True))
    assert facts["clips to train on, if all can be read"] == "12"
    assert facts["unreadable clips"] == "2 of 12"
    assert facts["clips repeated"] == "1 of 10"
    assert "still listed for training; training leaves them out" in views.html


def test_pretrain_counts_as_scan_does(scanned, folder, call, tiny_options, tmp_path, capsys):
    words = ["pretrain", folder, "--out", tmp_path / "run", *tiny_options, "--training.n_epochs", 1]
    assert call(*words) == DONE
    output = capsys.readouterr()
    n_labeled = scanned["n_training"] - len(scanned["unlabeled"])
    assert f"trains on {scanned['n_training']} clips" in output.err
    assert "silent in the band of the front end: 3 of the training clips" in output.err
    assert f"kNN monitor: {n_labeled} labeled clips" in output.err
    assert f"skipped {len(scanned['problems'])} (see " in output.out.splitlines()[-1]
