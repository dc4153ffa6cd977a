"""The command embed."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from soundalike.archive.head import Head
from soundalike.archive.window_archive import WindowArchive
from soundalike.cli import DONE
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.pretrained import SHIPPED_MODELS


def test_an_embedding_per_window_is_written(results_of, run, sound_folder, tmp_path):
    parquet = tmp_path / "windows.parquet"
    counts, last = results_of("embed", run.path, sound_folder, "--out", parquet)
    uncut = f"({counts['n_uncut']} are one window each)"
    assert last == f"{counts['n_windows']} windows of 24 clips {uncut} in {parquet}"
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
    assert last.startswith(f"{counts['n_windows']} windows of 24 clips")
    assert last.endswith(f", 24 rows in {npy}")
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


def test_an_archive_grows_with_its_folder(results_of, run, sound_folder, tmp_path, capsys):
    sounds, archive = tmp_path / "sounds", tmp_path / "archive"
    shutil.copytree(sound_folder / "low", sounds / "low")
    counts, last = results_of("embed", run.path, sounds, "--out", archive)
    assert (
        last
        == f"added {counts['n_windows']} windows of 8 clips; {counts['n_rows']} rows in {archive}"
    )
    shutil.copy(sound_folder / "high" / "0.wav", sounds)
    (sounds / "broken.wav").touch()
    counts, last = results_of("embed", sounds, "--out", archive)  # with the archive's own model
    assert last.startswith("added 1 window of 1 clip; ")
    assert last.endswith(f"rows in {archive}; skipped 1 (see {archive}.problems.csv)")
    assert (counts["n_known"], counts["n_problems"]) == (8, 1)
    capsys.readouterr()
    shutil.move(sounds, tmp_path / "moved")
    (tmp_path / "moved" / "broken.wav").unlink()
    moved = ["embed", tmp_path / "moved", "--out", archive, "--root", tmp_path / "moved"]
    counts, last = results_of(*moved)
    assert last == f"nothing new; {counts['n_rows']} rows in {archive}"
    assert counts["root"] == str(tmp_path / "moved")

    counts, last = results_of("embed", archive, "--out", tmp_path / "rows.parquet")
    assert last == f"{counts['n_rows']} rows in {tmp_path / 'rows.parquet'}"
    table = pd.read_parquet(tmp_path / "rows.parquet")
    assert table["path"].nunique() == 9
    vectors = np.stack(table["vector"])
    model = SoundEncoder.from_pretrained(run.path)
    of_clip = vectors[table["path"] == "0.wav"].mean(axis=0)
    assert np.allclose(of_clip, model.encode(tmp_path / "moved" / "0.wav"), atol=0.05)


def test_what_does_not_fit_an_archive_is_refused(call, refusal, run, sound_folder, tmp_path):
    one = sound_folder / "low" / "0.wav"
    words = ["embed", run.path, one, "--out", tmp_path / "archive"]
    assert "--per clip is for files" in refusal(*words, "--per", "clip")
    assert not (tmp_path / "archive").exists()
    assert call(*words, "--half") == DONE
    assert "leave out --window_s" in refusal(*words, "--window_s", 3)
    export = ["embed", tmp_path / "archive", "--out", tmp_path / "rows.csv"]
    assert "an archive has a row per window" in refusal(*export, "--per", "clip")
    assert call(*words[:-1], tmp_path / "full") == DONE
    message = refusal(*words[:-1], tmp_path / "full", "--half")
    assert "--half: " in message
    assert "holds vectors in full precision" in message
    rows, file = ["embed", tmp_path / "archive", "--out", tmp_path / "x.csv"], tmp_path / "x.csv"
    for option in ("--window_s 2", "--hop_s 1"):
        assert "has no effect on the rows" in refusal(*rows, *option.split())
    assert "MODEL has no effect on the rows" in refusal("embed", "default", *rows[1:])
    for option in ("--half", "--root x"):
        message = refusal("embed", run.path, one, "--out", file, *option.split())
        assert f"{option.split()[0]} is for an archive, not a file" in message
    assert not file.exists()
    assert "vectors of another model" in refusal("embed", "default", *words[2:])
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "chapter").touch()
    assert "exists and is not an archive" in refusal(*words[:-1], thesis)
    assert "no such file or folder" in refusal("embed", "gone", "--out", tmp_path / "archive")


def test_wrong_use(refusal, tmp_path, sound_folder, run):
    assert "no/such: no model there" in refusal("embed", "no/such", "x", "--out", "y.csv")
    message = refusal("embed", run.path, sound_folder, "--out", tmp_path / "rows.txt")
    assert "rows.txt: .txt: name a .parquet, .csv or .npy file" in message


@pytest.mark.parametrize("suffix", [".xlsx", ".NPZ", ".json", ".h5", ".feather", ".7z", ".sql"])
def test_the_suffix_of_another_kind_of_file_makes_no_archive(suffix, refusal, tmp_path):
    message = refusal("embed", "sounds", "--out", tmp_path / f"a{suffix}")
    assert f"{suffix.lower()}: name a .parquet, .csv or .npy file, or for an archive a" in message


def test_versions_and_dates_may_end_the_name_of_an_archive(
    call, refusal, sound_folder, run, tmp_path
):
    for suffix in (".2", ".v2", ".2026", ".recordings", ""):
        message = refusal("embed", "gone", "--out", tmp_path / f"birds{suffix}")
        assert "gone: no such file or folder" in message
    one = sound_folder / "low" / "0.wav"
    assert call("embed", run.path, one, "--out", tmp_path / "birds") == DONE
    (tmp_path / "birds").rename(tmp_path / "birds.lance")
    assert call("embed", one, "--out", tmp_path / "birds.lance") == DONE


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--out", "new", "--tables", "birds"], "'birds': expected an address such as s3://"),
        (["--out", "s3://bucket/birds"], "s3://bucket/birds: an archive is a folder, and only"),
        (["--out", "x.csv", "--tables", "s3://a/b"], "--tables is for an archive, not a file"),
        (["--out", "new", "--shard", "1/2", "--tables", "s3://a/b"], "--tables: shards are"),
        (["--out", "old", "--tables", "s3://a/b"], "--tables: those of old are in its folder"),
    ],
)
def test_other_places_of_tables_are_refused(refusal, words, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    WindowArchive.create("old", Head(8, "m"))
    assert reason in refusal("embed", "sounds", *words)
