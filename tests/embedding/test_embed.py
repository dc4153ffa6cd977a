"""Rows of a Parquet file, one for every window of every sound."""

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from kills import assert_whole

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.datasets.prepare import BrokenClipsError
from soundalike.datasets.source import read_source
from soundalike.embedding.embed import embed
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.models.encoder import build_encoder

SETTINGS = {"name": "resnet18", "width": 4}


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return SoundEncoder(
        build_encoder(SETTINGS),
        SETTINGS,
        LogMel(),
        Standardization(-3.0, 2.0),
        Windows.half_overlapping(101),
    ).eval()


def test_a_row_for_every_window(model, sound_folder, tmp_path):
    clips = read_source(sound_folder)
    out = tmp_path / "deep" / "er" / "rows.parquet"
    result = embed(model, clips, out, batch_size=7, progress=False)
    rows = pd.read_parquet(out)
    assert list(rows.columns) == ["path", "start_s", "end_s", "vector"]
    assert result.n_windows == len(rows)
    assert result.n_clips == 24
    assert result.n_problems == 0
    path = str(sound_folder / "low" / "7.wav")
    of_clip = rows[rows["path"] == path]
    hop_s = 50 * 220 / 22050
    assert np.allclose(of_clip["start_s"], np.arange(len(of_clip)) * hop_s)
    assert np.allclose(of_clip["end_s"] - of_clip["start_s"], 100 * 220 / 22050)
    assert np.allclose(np.stack(of_clip["vector"]).mean(axis=0), model.encode(path), atol=1e-5)


def test_a_clip_that_is_shorter_than_a_window_has_one_row(model, sound_folder, store, tmp_path):
    long = SoundEncoder(
        model.encoder,
        SETTINGS,
        LogMel(),
        Standardization(-3.0, 2.0),
        Windows.half_overlapping(10_000, 101),
    ).eval()
    out = tmp_path / "rows.parquet"
    result = embed(long, read_source(sound_folder), out, progress=False)
    rows = pd.read_parquet(out)
    assert result.n_windows == result.n_clips == len(rows) == 24
    assert (rows["start_s"] == 0).all()
    assert np.allclose(rows["end_s"], (store.n_frames - 1) * LogMel().hop_s)
    assert len(rows["end_s"].unique()) > 5


@pytest.mark.parametrize("window_frames", [101, 1003])
def test_every_second_is_in_a_window_that_ends_within_its_clip(model, window_frames, tmp_path):
    windows = Windows.half_overlapping(window_frames, 101, align_last=True)
    model = SoundEncoder(
        model.encoder, SETTINGS, LogMel(), Standardization(-3.0, 2.0), windows
    ).eval()
    durations = {"a.wav": 0.3, "b.wav": 1.7, "c.wav": 14.9}
    for name, duration_s in durations.items():
        soundfile.write(tmp_path / name, np.full(round(22050 * duration_s), 0.1), 22050)
    embed(model, read_source(tmp_path), tmp_path / "rows.parquet", progress=False)
    rows = pd.read_parquet(tmp_path / "rows.parquet")
    for name, duration_s in durations.items():
        times = rows[rows["path"].str.endswith(name)]
        assert times["start_s"].min() == 0
        assert duration_s - LogMel().hop_s < times["end_s"].max() <= duration_s
        later = times["start_s"].to_numpy()[1:]
        assert (later <= times["end_s"].to_numpy()[:-1] + 1e-9).all()


def test_times_are_those_of_the_file(model, sound_folder, tmp_path):
    path = str(sound_folder / "low" / "7.wav")
    clips = ClipTable.of("x", [Clip(path, start_s=0.5, end_s=2.0)])
    embed(model, clips, tmp_path / "rows.parquet", progress=False)
    rows = pd.read_parquet(tmp_path / "rows.parquet")
    assert rows["start_s"].iloc[0] == 0.5
    assert rows["end_s"].max() <= 2.0


def test_broken_clips_are_left_out_and_listed(model, sound_folder, tmp_path):
    (tmp_path / "broken.wav").write_text("no sound")
    good = str(sound_folder / "low" / "1.wav")
    clips = ClipTable.of("x", [Clip(str(tmp_path / "broken.wav")), Clip(good)])
    out = tmp_path / "rows.parquet"
    result = embed(model, clips, out, progress=False)
    assert (result.n_clips, result.n_problems) == (1, 1)
    assert set(pd.read_parquet(out)["path"]) == {good}
    assert "broken.wav" in pd.read_csv(result.problems)["path"].iloc[0]


def test_nothing_is_left_behind_when_it_fails(model, sound_folder, tmp_path):
    (tmp_path / "broken.wav").write_text("no sound")
    clips = ClipTable.of("x", [Clip(str(tmp_path / "broken.wav"))])
    for strict in (False, True):
        with pytest.raises(BrokenClipsError, match=r"broken\.wav"):
            embed(model, clips, tmp_path / "rows.parquet", strict=strict, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["broken.wav"]


EMBED = """
from soundalike.datasets.source import read_source
from soundalike.embedding.embed import embed
from soundalike.embedding.sound_encoder import SoundEncoder

def work(folder):
    model, sounds = arguments
    out = folder / "deep" / "rows.parquet"
    embed(SoundEncoder.load(model), read_source(sounds), out, progress=False)
"""


def test_a_kill_at_any_moment_makes_no_difference(model, kill_everywhere, tmp_path):
    model.save(tmp_path / "model")
    (tmp_path / "sounds").mkdir()
    for number in range(3):
        noise = np.random.default_rng(number).uniform(-0.1, 0.1, 22050)
        soundfile.write(tmp_path / "sounds" / f"{number}.wav", noise, 22050)
    (tmp_path / "sounds" / "broken.wav").write_text("no sound")
    moments = kill_everywhere(EMBED, tmp_path / "model", tmp_path / "sounds")
    assert len(moments) == 5  # the lock, the two files, the lock again, and one unkilled
    assert set(assert_whole(moments)) == {"deep/rows.parquet", "deep/rows.parquet.problems.csv"}
