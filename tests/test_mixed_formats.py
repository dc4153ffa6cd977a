"""A folder with sounds of many kinds: every command uses each sound, or counts and names it."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from soundalike.cli import DONE
from soundalike.cli.main import main

pytest.importorskip("av", reason="PyAV, which makes the files, is not installed")
RATE = 22050
TINY = [
    "--recipe", "tiny", "--encoder.width", "4", "--head.hidden_dim=16", "--head.out_dim", "16",
    "--training.batch_size", "6", "--training.precision=32-true", "--training.n_epochs", "1",
]  # fmt: skip
# suffix, container, codec of what only PyAV reads
AV_SOUNDS = [("m4a", "ipod", "aac"), ("wma", "asf", "wmav2"), ("webm", "webm", "libopus")]
N_OTHERS = 6 + 3  # wav, and wave and mp2


def wave(number: int) -> np.ndarray:
    """A tone with noise, [samples, 1]."""
    rng = np.random.default_rng(number)
    time_s = np.arange(int(1.3 * RATE)) / RATE
    tone = 0.4 * np.sin(2 * np.pi * (300 + 200 * number) * time_s)
    return (tone + 0.02 * rng.standard_normal(len(time_s)))[:, None]


@pytest.fixture(scope="module")
def sounds(tmp_path_factory) -> Path:
    """Dogs are wav; cats are everything else."""
    path = Path(__file__).parent / "corpus.py"
    spec = importlib.util.spec_from_file_location("corpus", path)
    corpus = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(corpus)
    root = tmp_path_factory.mktemp("mixed") / "sounds"
    for folder in ("dog", "cat"):
        (root / folder).mkdir(parents=True)
    for number in range(6):
        soundfile.write(root / "dog" / f"{number}.wav", wave(number), RATE)
    for number in (6, 7):
        soundfile.write(root / "cat" / f"{number}.wave", wave(number), RATE, format="WAV")
    kinds = [("mp2", "mp2", "mp2"), *AV_SOUNDS]
    for number, (suffix, container, codec) in enumerate(kinds, start=8):
        content = corpus.encoded_by_av(container, codec, wave(number))
        (root / "cat" / f"{number}.{suffix}").write_bytes(content)
    return root


@pytest.fixture
def run(tmp_path, capsys):
    """Return a function that runs a command and returns its JSON and all that it says."""

    def run_command(*words: object) -> tuple[dict, str]:
        capsys.readouterr()
        assert main([*map(str, words), "--json", str(tmp_path / "results.json")]) == DONE
        captured = capsys.readouterr()
        return json.loads((tmp_path / "results.json").read_text()), captured.out + captured.err

    return run_command


@pytest.mark.parametrize("has_av", [True, False], ids=["with PyAV", "without"])
def test_every_sound_is_used_or_counted_and_named(sounds, has_av, tmp_path, monkeypatch, run):
    if not has_av:
        monkeypatch.setitem(sys.modules, "av", None)
    n_all = N_OTHERS + len(AV_SOUNDS)
    n_problems = 0 if has_av else len(AV_SOUNDS)
    n_read = n_all - n_problems

    def check_list(path: Path) -> None:
        problems = pd.read_csv(path)
        assert {Path(name).suffix for name in problems["path"]} == {".m4a", ".wma", ".webm"}
        assert set(problems["problem"]) == {"needs PyAV"}
        assert problems["message"].str.contains("pip install 'soundalike[av]'", regex=False).all()

    report, said = run("scan", sounds, "--workers", 1)
    assert (report["n_clips"], report["n_readable"]) == (n_all, n_read)
    assert len(report["problems"]) == n_problems
    assert report["labels"] == {"cat": 6 - n_problems, "dog": 6}
    assert f"{n_all} ({n_read} readable)" in said
    assert said.count("install the extra av") == n_problems

    out = tmp_path / "run"
    results, said = run("pretrain", sounds, *TINY, "--out", out)
    assert results["n_problems"] == n_problems
    assert f"trains on {n_read} clips" in said
    skipped = "" if has_av else f"; skipped {n_problems} (see "
    assert f"trained for 2 steps: {out / 'encoder'}{skipped}" in said
    problems = out / "store" / "problems.csv"
    assert has_av or check_list(problems) is None

    table = tmp_path / "x.parquet"
    results, said = run("embed", out, sounds, "--out", table)
    assert (results["n_clips"], results["n_problems"]) == (n_read, n_problems)
    assert f"windows of {n_read} clips (" in said
    assert f") in {table}{skipped}" in said
    assert pd.read_parquet(table)["path"].nunique() == n_read
    assert has_av or check_list(Path(results["problems"])) is None

    results, said = run("evaluate", out, sounds, "--protocol", "knn", "--out", table.parent)
    assert (results["n_test_clips"], results["n_problems"]) == (n_read, n_problems)
    listed = f"Note: skipped: {n_problems} clips, listed in {problems}"
    assert (listed in said) is not has_av
