"""Reading clips, some of them broken."""

import numpy as np
import pandas as pd
import pytest
import soundfile

from soundalike.audio.log_mel import LogMel
from soundalike.audio.windows import Windows
from soundalike.datasets.clips import Clip, ClipTable, Problem
from soundalike.datasets.prepare import BrokenClipsError
from soundalike.embedding.clip_reader import ClipReader


@pytest.fixture
def table(sound_folder, tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"")
    paths = [sound_folder / "low" / "0.wav", broken, sound_folder / "low" / "7.wav"]
    clips = ClipTable.of("x", [Clip(str(path)) for path in paths])
    return ClipTable("x", clips.rows, [Problem("gone.wav", "missing", "gone.wav: no such file")])


def reader_of(store, table, strict=False):
    return ClipReader(store.front_end, table, strict=strict, name="read", progress=False)


def lengths(clips):
    return [sum(len(block) for block in blocks) for blocks in clips]


def test_a_broken_clip_has_no_frames(store, table):
    reader = reader_of(store, table)
    assert lengths(reader) == [101, 0, 276]
    assert reader.problems[0].problem == "missing"
    assert len(reader.problems) == 2
    reader.require_some(2)
    with pytest.raises(BrokenClipsError, match=r"The first: gone\.wav"):
        reader.require_some(0)


@pytest.mark.parametrize(("frequency", "is_said"), [(30000, True), (1000, False)])
def test_clips_outside_the_band_are_said(tmp_path, capsys, frequency, is_said):
    """`embed` made equal vectors of all bats, without a word."""
    path = tmp_path / "a.wav"
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * frequency / 96000 * np.arange(20000)), 96000)
    clips = ClipTable.of("x", [Clip(str(path))])
    with ClipReader(LogMel(), clips, strict=False, name="read", progress=True) as reader:
        lengths(reader)
    said = "a.wav: 100% of the energy is above 10,500 Hz" in capsys.readouterr().err
    assert said == is_said


def test_strict_fails_at_the_first_broken_clip(store, table):
    with pytest.raises(BrokenClipsError, match=r"gone\.wav"):
        lengths(reader_of(store, table, strict=True))


@pytest.mark.parametrize(
    ("duration_s", "segment"),
    [
        (0.3, (None, None)), (0.3, (0.1, None)), (0.7, (None, 9.0)), (5.0, (1.0, 1.4)),
        (5.0, (None, None)), (5.0, (4.9, 99.0)), (1.0, (None, None)), (0.31, (None, 0.305)),
        (0.00004, (None, None)), (70.0, (None, None)),
    ],
)  # fmt: skip
@pytest.mark.parametrize("min_duration_s", [0.0, 1.0, 2.5])
@pytest.mark.parametrize("n_frames", [1, 50, 101])
def test_no_window_ends_after_its_clip(duration_s, segment, min_duration_s, n_frames, tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.full(round(44100 * duration_s), 0.1), 44100)
    clip = Clip(str(path), start_s=segment[0], end_s=segment[1])
    front_end = LogMel(min_duration_s=min_duration_s)
    reader = ClipReader(
        front_end, ClipTable.of("x", [clip]), strict=True, name="read", progress=False
    )
    windows = Windows.half_overlapping(n_frames, align_last=True)
    places = [(start, len(w)) for blocks in reader for start, w in windows.cut(blocks)]
    starts, lengths = np.array(places).T
    clips = np.zeros(len(starts), int)
    start_s, end_s = reader.times(clips, starts, lengths)
    first_s, last_s = segment[0] or 0.0, min(duration_s, segment[1] or duration_s)
    assert (start_s >= first_s).all()
    assert (start_s <= end_s).all()
    assert (end_s <= last_s + 0.5 / 22050).all()  # resampling rounds the length
    is_whole = end_s - start_s > (lengths - 1) * front_end.hop_s - 1e-9
    if last_s - first_s > max(min_duration_s, 101 * front_end.hop_s):
        assert is_whole.all()
        assert end_s.max() == pytest.approx(last_s, abs=5e-5)
    end = reader.ends(clips[:1])[0]
    assert np.isnan(end) if segment[1] is None else end == pytest.approx(last_s, abs=5e-5)


def test_problems_are_listed_beside_the_file_replacing_an_old_list(store, table, tmp_path):
    reader = reader_of(store, table)
    lengths(reader)
    path = reader.write_problems(tmp_path / "out.csv")
    assert path == str(tmp_path / "out.csv.problems.csv")
    assert len(pd.read_csv(path)) == 2
    clean = reader_of(store, ClipTable("x", table.rows.iloc[:1]))
    lengths(clean)
    assert clean.write_problems(tmp_path / "out.csv") is None
    assert not (tmp_path / "out.csv.problems.csv").exists()


def test_the_peaks_of_windows_and_the_clips_that_break(store, table, tmp_path):
    path = tmp_path / "loud.wav"
    waveform = np.zeros(22050 * 3)
    waveform[40000], waveform[60000] = 1.0, -0.1
    soundfile.write(path, waveform, 22050, subtype="FLOAT")
    segment = Clip(str(path), start_s=1.0)
    reader = reader_of(store, ClipTable.of("x", [*table, segment]))
    lengths(reader)
    assert reader.broken == {1}
    clips, start_s = np.full(3, 3), np.array([1.0, 2.0, 1.0])
    peaks = reader.peak_db(clips, start_s, np.array([1.5, 3.0, np.nan]))
    assert peaks.tolist() == pytest.approx([-120, -20, 0])


def test_the_list_of_another_file_of_the_same_stem_stays(store, table, tmp_path):
    """As of `embed --out x.parquet` when `classify --out x.csv` has no problems."""
    reader = reader_of(store, table)
    lengths(reader)
    of_another = reader.write_problems(tmp_path / "x.parquet")
    clean = reader_of(store, ClipTable("x", table.rows.iloc[:1]))
    lengths(clean)
    assert clean.write_problems(tmp_path / "x.csv") is None
    assert len(pd.read_csv(of_another)) == 2


def test_the_bar_shows_what_is_done_and_not_what_is_read(store, table):
    reader = ClipReader(store.front_end, table, strict=False, name="read", progress=True)
    with reader:
        lengths(reader)
        assert reader._bar.n == 0
        reader.report(2)
        assert reader._bar.n == 2
    assert reader._bar.n == 3


def test_what_is_kept_of_a_clip_can_be_freed(store, table):
    reader = reader_of(store, table)
    lengths(reader)
    everything = np.array([0]), np.array([0.0]), np.array([1.0])
    assert reader.peak_db(*everything) > -20
    reader.forget(np.array([0, 1]))
    assert reader.peak_db(*everything) == -120
    assert reader.peak_db(np.array([2]), *everything[1:]) > -20
