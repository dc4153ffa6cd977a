"""The command embed."""

from pathlib import Path

import numpy as np
import pandas as pd

from soundalike.cli import DONE
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.pretrained import SHIPPED_MODELS


def test_an_embedding_per_window_is_written(results_of, run, sound_folder, tmp_path):
    parquet = tmp_path / "windows.parquet"
    counts, last = results_of("embed", run.path, sound_folder, "--out", parquet)
    assert last == f"{counts['n_windows']} windows of 24 clips in {parquet}"
    vectors = np.stack(pd.read_parquet(parquet)["vector"])
    assert len(vectors) == counts["n_windows"]

    results_of("embed", run.path, sound_folder, "--out", parquet, "--precision", 32)
    exact = np.stack(pd.read_parquet(parquet)["vector"])
    assert np.diag(SoundEncoder.similarity(vectors, exact)).min() > 0.999
    clip = sorted(sound_folder.rglob("*.wav"))[0]
    path = clip.relative_to(sound_folder).as_posix()
    of_clip = exact[pd.read_parquet(parquet)["path"] == path].mean(axis=0)
    assert np.allclose(of_clip, SoundEncoder.from_pretrained(run.path).encode(clip), atol=1e-5)


def test_windows_can_be_set_and_averaged(results_of, run, sound_folder, tmp_path, capsys):
    npy = tmp_path / "clips.npy"
    words = ["embed", run.path, sound_folder, "--out", npy]
    counts, last = results_of(*words, "--per", "clip", "--window_s", 1.2, "--hop_s", 0.4)
    assert last == f"{counts['n_windows']} windows of 24 clips, 24 rows in {npy}"
    assert counts["root"] == str(sound_folder)
    model = SoundEncoder.from_pretrained(run.path)
    expected = model.with_windows(1.2, 0.4).encode(sound_folder)
    assert np.allclose(np.load(npy), expected, atol=0.05)
    default, _ = results_of(*words)
    assert default["n_windows"] < counts["n_windows"]


def test_windows_that_the_model_cannot_read_are_refused(refusal, run, sound_folder, tmp_path):
    words = ["embed", run.path, sound_folder, "--out", tmp_path / "x.csv"]
    assert "--window_s must be at least 1.00" in refusal(*words, "--window_s", 0.3)
    assert "--hop_s must be at most" in refusal(*words, "--hop_s", 100)
    assert "'soon': expected a number above 0" in refusal(*words, "--hop_s", "soon")


def test_the_default_model_is_used_if_none_is_named(call, sound_folder, run, tmp_path, monkeypatch):
    monkeypatch.setitem(SHIPPED_MODELS, "default", run.encoder)
    monkeypatch.chdir(tmp_path)
    assert call("embed", sound_folder, "--out", "default.parquet") == DONE
    assert call("embed", run.path, "--out", "run.parquet", sound_folder) == DONE
    assert Path("default.parquet").read_bytes() == Path("run.parquet").read_bytes()


def test_wrong_use(refusal, tmp_path, sound_folder, run):
    assert "no/such: no model there" in refusal("embed", "no/such", "x", "--out", "y.csv")
    message = refusal("embed", run.path, sound_folder, "--out", tmp_path)
    assert f"{tmp_path}: is a folder: name the .parquet, .csv or .npy file" in message
