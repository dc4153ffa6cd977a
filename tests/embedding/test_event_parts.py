"""Records of parts: named after what they are of."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundalike.audio.log_mel import LogMel
from soundalike.audio.standardization import Standardization
from soundalike.audio.windows import Windows
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.embedding import event_parts as module
from soundalike.embedding.event_parts import PartRecord, cut_events
from soundalike.embedding.sound_classifier import SoundClassifier
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.models.encoder import build_encoder

SETTINGS = {"name": "audio_ntt", "width": 4, "dim": 16}


@pytest.fixture(scope="module")
def classifier():
    encoder, windows = build_encoder(SETTINGS), Windows.half_overlapping(101)
    model = SoundEncoder(encoder, SETTINGS, LogMel(), Standardization(-3.0, 2.0), windows)
    return SoundClassifier(model, ["a"], threshold=0.5).eval()


def test_a_record_is_used_only_for_what_it_is_of(classifier, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CLIPS_PER_PART", 1)
    paths = [tmp_path / f"{number}.wav" for number in range(3)]
    for path in paths:
        soundfile.write(path, np.zeros(100), 22050)

    def names(clips, false_alarms=0.05):
        parts = cut_events(classifier, ClipTable.of("x", clips), false_alarms, tmp_path)
        return [part.record.name for part in parts]

    clips = [Clip(str(path)) for path in paths]
    before = names(clips)
    assert len(set(before)) == 3
    assert names(clips[1:]) == before[1:], "others were added or removed"
    assert not set(names(clips, 0.1)) & set(before)
    monkeypatch.setattr(classifier, "threshold", 0.6)
    assert not set(names(clips)) & set(before)
    monkeypatch.setattr(classifier, "threshold", 0.5)
    assert not set(names([Clip(str(paths[0]), start_s=1.0)])) & set(before)
    os.utime(paths[1], (0, 0))
    assert [a == b for a, b in zip(names(clips), before, strict=True)] == [True, False, True]


def test_a_record_as_a_table():
    record = PartRecord(2, 9, 5.0, [(0, 1, 0.5, 1.5, 0.9), (1, 0, 2.0, 3.0, 0.75)], [])
    table = record.table(np.array(["x.wav", "y.wav"], object), ["owl", "dog"])
    assert table.to_dict("records") == [
        {"path": "x.wav", "start_s": 0.5, "end_s": 1.5, "label": "dog", "score": 0.9},
        {"path": "y.wav", "start_s": 2.0, "end_s": 3.0, "label": "owl", "score": 0.75},
    ]
    empty = PartRecord(1, 9, 5.0, [], []).table(np.array(["x.wav"], object), ["owl"])
    assert list(empty) == list(table)
    assert Path(empty.to_csv(index=False)).name.startswith("path,start_s")
