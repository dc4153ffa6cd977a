"""Reading clips, some of them broken."""

import pandas as pd
import pytest

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


def test_strict_fails_at_the_first_broken_clip(store, table):
    with pytest.raises(BrokenClipsError, match=r"gone\.wav"):
        lengths(reader_of(store, table, strict=True))


def test_problems_are_listed_beside_the_file_replacing_an_old_list(store, table, tmp_path):
    reader = reader_of(store, table)
    lengths(reader)
    path = reader.write_problems(tmp_path / "out.csv")
    assert path == str(tmp_path / "out.problems.csv")
    assert len(pd.read_csv(path)) == 2
    clean = reader_of(store, ClipTable("x", table.rows.iloc[:1]))
    lengths(clean)
    assert clean.write_problems(tmp_path / "out.csv") is None
    assert not (tmp_path / "out.problems.csv").exists()
