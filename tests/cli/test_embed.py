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
    of_clip = exact[pd.read_parquet(parquet)["path"] == str(clip)].mean(axis=0)
    assert np.allclose(of_clip, SoundEncoder.from_pretrained(run.path).encode(clip), atol=1e-5)


def test_the_default_model_is_used_if_none_is_named(call, sound_folder, run, tmp_path, monkeypatch):
    monkeypatch.setitem(SHIPPED_MODELS, "default", run.encoder)
    monkeypatch.chdir(tmp_path)
    assert call("embed", sound_folder, "--out", "default.parquet") == DONE
    assert call("embed", run.path, "--out", "run.parquet", sound_folder) == DONE
    assert Path("default.parquet").read_bytes() == Path("run.parquet").read_bytes()


def test_wrong_use(refusal, tmp_path, sound_folder, run):
    assert "no/such: no model there" in refusal("embed", "no/such", "x", "--out", "y")
    message = refusal("embed", run.path, sound_folder, "--out", tmp_path)
    assert f"{tmp_path}: is a folder: name the Parquet file" in message
