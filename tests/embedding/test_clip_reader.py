"""Going through clips of which some cannot be read."""

import pandas as pd
import pytest

from soundalike.datasets.clips import Clip, ClipTable, Problem
from soundalike.datasets.prepare import BrokenClipsError
from soundalike.embedding.clip_reader import ClipReader
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.models.resnet import ResNet18


@pytest.fixture
def table(sound_folder, tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"")
    paths = [sound_folder / "low" / "0.wav", broken, sound_folder / "low" / "7.wav"]
    clips = ClipTable.of("x", [Clip(str(path)) for path in paths])
    return ClipTable("x", clips.rows, [Problem("gone.wav", "missing", "gone.wav: no such file")])


def readable(store, table, strict=False, patch_frames=101):
    model = SoundEncoder(ResNet18(width=1), {}, store.front_end, patch_frames, 0.0, 1.0)
    return ClipReader(model, table, strict=strict, name="read", progress=False)


def lengths(clips):
    return [sum(len(block) for block in blocks) for blocks in clips]


def test_every_clip_has_its_turn_and_a_broken_one_has_no_frames(store, table):
    clips = readable(store, table)
    assert lengths(clips) == [101, 0, 276]
    assert clips.problems[0].problem == "missing"
    assert len(clips.problems) == 2
    clips.refuse_none(2)
    with pytest.raises(BrokenClipsError, match=r"The first: gone\.wav"):
        clips.refuse_none(0)


def test_one_shorter_than_a_window_is_listed(store, table):
    clips = readable(store, table, patch_frames=200)
    lengths(clips)
    assert "too short: 101 frames" in clips.problems[1].message


def test_strict_stops_at_the_first(store, table):
    with pytest.raises(BrokenClipsError, match=r"gone\.wav"):
        lengths(readable(store, table, strict=True))


def test_problems_are_listed_beside_the_file_and_an_old_list_goes(store, table, tmp_path):
    clips = readable(store, table)
    lengths(clips)
    listed = clips.write_problems(tmp_path / "out.csv")
    assert listed == str(tmp_path / "out.problems.csv")
    assert len(pd.read_csv(listed)) == 2
    clean = readable(store, ClipTable("x", table.rows.iloc[:1]))
    lengths(clean)
    assert clean.write_problems(tmp_path / "out.csv") is None
    assert not (tmp_path / "out.problems.csv").exists()
