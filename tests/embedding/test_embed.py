"""Rows of a Parquet file, one for every window of every sound."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import soundfile
import torch
from kills import kills

from soundalike.audio.audio_error import changed
from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.datasets.prepare import BrokenClipsError
from soundalike.datasets.source import read_source
from soundalike.embedding.clip_reader import ClipReader
from soundalike.embedding.embed import embed
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.models.encoder import build_encoder

COLUMNS = ["path", "start_s", "end_s", "label", "split", "duration_s"]
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
    assert list(rows.columns) == [*COLUMNS, "vector"]
    assert pq.read_schema(out).metadata[b"root"].decode() == result.root == str(sound_folder)
    assert result.n_windows == result.n_rows == len(rows)
    assert result.n_clips == 24
    assert result.n_uncut == (rows["path"].value_counts() == 1).sum() < 24
    assert result.n_problems == 0
    path = str(sound_folder / "low" / "7.wav")
    of_clip = rows[rows["path"] == "low/7.wav"]
    assert set(of_clip["label"]) == {"low"}
    assert set(of_clip["split"]) == {""}
    assert np.allclose(of_clip["duration_s"], soundfile.info(path).duration)
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
    assert result.n_windows == result.n_clips == result.n_uncut == len(rows) == 24
    assert (rows["start_s"] == 0).all()
    assert (rows["end_s"] == rows["duration_s"]).all()  # and not that of the last frame's middle
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
    assert set(pd.read_parquet(out)["path"]) == {good}  # a table without a root
    assert "broken.wav" in pd.read_csv(result.problems)["path"].iloc[0]


def test_a_sound_that_breaks_after_its_first_windows_has_no_row(
    model, sound_folder, tmp_path, monkeypatch
):
    """Its file may change while it is read."""
    original = ClipReader._log_mel

    def break_off(reader, position, clip):
        yield from original(reader, position, clip)
        if clip.path.endswith("low/7.wav"):
            reader.leave_out(position, changed(clip.path))

    monkeypatch.setattr(ClipReader, "_log_mel", break_off)
    clips = read_source(sound_folder / "low")
    for per_clip in (False, True):
        out = tmp_path / "rows.parquet"
        result = embed(model, clips, out, per_clip=per_clip, progress=False)
        rows = pd.read_parquet(out)
        assert set(rows["path"]) == {f"{number}.wav" for number in range(7)}
        assert (result.n_clips, result.n_problems, result.n_windows) == (7, 1, 16)
        assert result.n_rows == len(rows) == (7 if per_clip else 16)


def test_nothing_is_left_behind_when_it_fails(model, sound_folder, tmp_path):
    (tmp_path / "broken.wav").write_text("no sound")
    clips = ClipTable.of("x", [Clip(str(tmp_path / "broken.wav"))])
    for strict in (False, True):
        with pytest.raises(BrokenClipsError, match=r"broken\.wav"):
            embed(model, clips, tmp_path / "rows.parquet", strict=strict, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["broken.wav"]


def read_back(out):
    """Return the columns and the vectors of a file of any kind."""
    if out.suffix == ".parquet":
        rows = pd.read_parquet(out)
        return rows[COLUMNS], np.stack(rows["vector"])
    if out.suffix == ".npy":
        names = {"label": str, "split": str}
        rows = pd.read_csv(f"{out}.rows.csv", dtype=names, keep_default_na=False)
        return rows, np.load(out)
    rows = pd.read_csv(out, dtype={"label": str, "split": str}, keep_default_na=False)
    return rows[COLUMNS], rows.drop(columns=COLUMNS).to_numpy(np.float32)


@pytest.mark.parametrize("per_clip", [False, True])
def test_every_kind_of_file_holds_the_same(per_clip, model, sound_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("soundalike.embedding.embed.ROWS_PER_TABLE", 2)
    paths = [str(sound_folder / "low" / f"{number}.wav") for number in range(3)]
    split = [Clip(paths[0], "dog", "train", end_s=2.0), Clip(paths[1], start_s=1.0), Clip(paths[2])]
    clips = replace(ClipTable.of("x", split), root=str(sound_folder))
    results = []
    for suffix in (".parquet", ".csv", ".npy"):
        out = tmp_path / f"rows{suffix}"
        result = embed(model, clips, out, per_clip=per_clip, batch_size=3, progress=False)
        results.append(read_back(out))
        assert (len(results[-1][0]), result.n_clips) == (result.n_rows, 3)
    (rows, vectors), *others = results
    for other_rows, other_vectors in others:
        pd.testing.assert_frame_equal(other_rows, rows)
        np.testing.assert_array_equal(other_vectors, vectors)
    assert rows["path"].unique().tolist() == ["low/0.wav", "low/1.wav", "low/2.wav"]
    assert rows["label"].iloc[0] == "dog"
    assert (rows["end_s"] - rows["start_s"] <= rows["duration_s"] + 1e-9).all()
    if per_clip:
        durations_s = [soundfile.info(path).duration for path in paths]
        assert rows["start_s"].tolist() == [0, 1, 0]
        expected = [min(2.0, durations_s[0]), durations_s[1], durations_s[2]]
        assert rows["end_s"].tolist() == pytest.approx(expected, abs=1e-3)
        assert rows["duration_s"].tolist() == (rows["end_s"] - rows["start_s"]).tolist()
        np.testing.assert_array_equal(vectors, model.encode(clips, batch_size=3))


EMBED = """
from soundalike.datasets.source import read_source
from soundalike.embedding.embed import embed
from soundalike.embedding.sound_encoder import SoundEncoder

def work(folder):
    model, sounds, suffix = arguments
    out = folder / "deep" / f"rows{suffix}"
    first, second = sorted(Path(sounds).iterdir())
    if not out.exists():
        embed(SoundEncoder.load(model), read_source(first), out, progress=False)
    embed(SoundEncoder.load(model), read_source(second), out, progress=False)
"""


@pytest.mark.parametrize(
    "suffix", [".parquet", ".npy", pytest.param(".csv", marks=pytest.mark.slow)]
)
@kills()
def test_a_kill_at_any_moment_makes_no_difference(
    names, cut, suffix, model, kill_everywhere, tmp_path
):
    """A file is made, and made again of other sounds, which replaces it."""
    model.save(tmp_path / "model")
    for number in range(3):
        noise = np.random.default_rng(number).uniform(-0.1, 0.1, 22050)
        folder = tmp_path / "sounds" / ("first" if number else "second")
        folder.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / f"{number}.wav", noise, 22050)
        (folder / "broken.wav").write_text("no sound")
    moments = kill_everywhere(EMBED, tmp_path / "model", tmp_path / "sounds", suffix, cut=cut)
    out = f"deep/rows{suffix}"
    files = [out, f"{out}.rows.csv"] if suffix == ".npy" else [out]
    last = moments[-1].after_kill
    assert set(last) == {*files, f"{out}.problems.csv"}
    rows_of_file: dict[str, set[str]] = {}
    for moment in moments:
        assert moment.at_end == last, moment.folder
        assert not moment.left
        if out in moment.after_kill:
            rows_of_file.setdefault(moment.after_kill[out], set()).add(moment.after_kill[files[-1]])
    assert len(rows_of_file) == 2  # the first content and the second, each with its own rows
    assert all(len(rows) == 1 for rows in rows_of_file.values())
