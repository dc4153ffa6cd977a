"""What is played of a clip."""

import pytest
from audited import FIRST, GONE, PATHS, SECOND, write_audit, write_sounds

from soundalike.audio.audio_error import AudioError
from soundalike.audit import playable_clips
from soundalike.audit.labels_table import LabelsTable
from soundalike.audit.playable_clips import PlayableClips


@pytest.fixture
def clips(tmp_path):
    table = LabelsTable(write_audit(tmp_path / "audit") / "labels.csv")
    return PlayableClips(table, str(write_sounds(tmp_path / "sounds")))


def test_a_clip_without_an_end_goes_to_the_end_of_its_recording(clips):
    assert clips.row(FIRST) == {"path": PATHS[FIRST], "start_s": 0, "end_s": 1}
    assert clips.row(SECOND) == {"path": PATHS[SECOND], "start_s": 0.25, "end_s": 0.75}


def test_the_first_minute_of_a_long_one_is_played(clips, monkeypatch):
    monkeypatch.setattr(playable_clips, "LONGEST_S", 0.3)
    assert clips.row(FIRST)["end_s"] == 0.3
    assert clips.row(SECOND)["end_s"] == 0.55


def test_a_recording_that_is_gone_has_no_end(clips):
    with pytest.raises(AudioError):
        clips.row(GONE)
    assert clips.clip(GONE) == {"id": GONE, "path": "gone.wav", "start_s": 0, "end_s": None}
    assert clips.clip(SECOND)["end_s"] == 0.75


def test_whole_paths_need_no_root(clips):
    assert PlayableClips(clips.table, "").file_of(FIRST) == PATHS[FIRST]
    assert clips.file_of(FIRST) == f"{clips.root}/{PATHS[FIRST]}"
