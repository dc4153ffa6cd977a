"""What an archive has of a source."""

import os
import shutil

import numpy as np
import pandas as pd
import pytest

from soundalike.archive.lance_tables import CLIP_KEY
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.search.new_clips import STAMP, compare, recording_of


@pytest.fixture
def clips(tmp_path):
    paths = [tmp_path / name for name in ("a.wav", "it's\n#.wav")]
    for path in paths:
        path.write_text(path.name)
    return ClipTable.of("x", [Clip(str(paths[0])), Clip(str(paths[1]), start_s=1.0, end_s=2.0)])


def recorded(clips, root):
    """Return records of all clips, as an archive has them once they are embedded."""
    nothing = pd.DataFrame(
        columns=[*CLIP_KEY, *STAMP, "label", "split", "recording", "n_rows", "is_complete"]
    ).astype({"start_s": float, "end_s": float, "size": int, "mtime_ns": int})
    state = compare(clips, nothing, root)
    assert state.is_new.all()
    assert not state.is_touched.any()
    recordings = [recording_of(path) for path in clips.rows["path"]]
    return state.records.assign(recording=recordings, n_rows=[3, 4], is_complete=True)


def test_what_is_recorded_is_known(clips, tmp_path):
    records = recorded(clips, str(tmp_path))
    assert records["path"].tolist() == ["a.wav", "it's\n#.wav"]
    state = compare(clips, records, str(tmp_path))
    assert not state.is_new.any()
    assert state.clips.relative_paths().tolist() == records["path"].tolist()
    other_part = ClipTable.of("x", [Clip(str(tmp_path / "a.wav"), end_s=1.0)])
    assert compare(other_part, records, str(tmp_path)).is_new.all()


def test_a_changed_file_is_new_and_a_touched_one_is_known(clips, tmp_path):
    records = recorded(clips, str(tmp_path))
    os.utime(tmp_path / "a.wav", ns=(1, 1))
    (tmp_path / "it's\n#.wav").write_text("longer than before")
    state = compare(clips, records, str(tmp_path))
    assert state.is_new.tolist() == [False, True]
    assert state.is_touched.tolist() == [True, False]


def test_a_known_file_beside_a_new_one_is_not_touched(clips, tmp_path):
    """Times in nanoseconds are not rounded where another file has no record."""
    os.utime(tmp_path / "a.wav", ns=(0, 1_700_000_000_123_456_789))
    records = recorded(clips, str(tmp_path))
    (tmp_path / "b.wav").write_text("new")
    grown = ClipTable.of("x", [Clip(str(tmp_path / name)) for name in ("a.wav", "b.wav")])
    state = compare(grown, records, str(tmp_path))
    assert state.is_new.tolist() == [False, True]
    assert not state.is_touched.any()


def test_another_label_or_split_is_noticed(clips, tmp_path):
    records = recorded(clips, str(tmp_path))
    assert not compare(clips, records, str(tmp_path)).is_changed.any()
    for column in ("label", "split"):
        changed = ClipTable("x", clips.rows.assign(**{column: ["", "it's"]}))
        state = compare(changed, records, str(tmp_path))
        assert state.is_relabeled.tolist() == state.is_changed.tolist() == [False, True]
        assert not state.is_new.any()


def test_a_recording_with_some_of_its_rows_is_new(clips, tmp_path):
    records = recorded(clips, str(tmp_path)).assign(is_complete=[True, False])
    state = compare(clips, records, str(tmp_path))
    assert state.is_new.tolist() == [False, True]
    assert state.records["n_rows"].tolist() == [3, 4]
    assert state.records["recording"].tolist() == records["recording"].tolist()


def test_a_file_that_is_gone_is_new_so_that_it_is_reported(clips, tmp_path):
    records = recorded(clips, str(tmp_path))
    (tmp_path / "a.wav").unlink()
    assert compare(clips, records, str(tmp_path)).is_new.tolist() == [True, False]
    assert recording_of(str(tmp_path / "a.wav")) == ""


def test_sounds_that_were_moved_with_their_root_are_known(clips, tmp_path):
    records = recorded(clips, str(tmp_path))
    new_root = tmp_path / "new"
    new_root.mkdir()
    for path in clips.rows["path"]:
        shutil.copy2(path, new_root)
    moved = clips.rows.assign(path=clips.rows["path"].str.replace(str(tmp_path), str(new_root)))
    state = compare(ClipTable("y", moved), records, str(new_root))
    assert not state.is_new.any()
    assert np.array_equal(state.records["start_s"], [np.nan, 1.0], equal_nan=True)
