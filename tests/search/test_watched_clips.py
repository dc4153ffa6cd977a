"""Clips whose files may change while they are read; ``test_fill.py`` embeds such files."""

import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from soundalike.audio.log_mel import LogMel
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.embedding.clip_reader import ClipReader
from soundalike.runtime.file_stamp import file_stamp
from soundalike.search import watched_clips as module
from soundalike.search.new_clips import STAMP, recording_of
from soundalike.search.watched_clips import WatchedClips


@pytest.fixture
def watched(sounds):
    """The clips of two files, one in two segments, and their reader; and the paths of both."""
    one, two = str(sounds / "low" / "0.wav"), str(sounds / "low" / "7.wav")
    table = ClipTable.of("x", [Clip(one), Clip(two, end_s=1.0), Clip(two, start_s=1.0)])
    reader = ClipReader(LogMel(), table, strict=False, name="embed", progress=False)
    records = pd.DataFrame({"recording": [recording_of(one), "other", ""], "n_rows": [4, 5, 0]})
    records[STAMP] = 0
    return WatchedClips(reader, iter(reader), np.arange(3), records), reader, one, two


def test_every_file_is_hashed_once_and_stamped(watched, monkeypatch):
    clips, _, one, two = watched
    hashed = []
    monkeypatch.setattr(module, "recording_of", lambda path: hashed.append(path) or f"of {path}")
    for blocks in clips:
        assert sum(map(len, blocks))
        assert clips.are_unchanged()
    assert hashed == [one, two]
    finished = clips.finished(np.array([1, 2, 3]))
    assert finished["recording"].tolist() == [f"of {path}" for path in (one, two, two)]
    stamps = [file_stamp(path) for path in (one, two, two)]
    assert [*zip(*(finished[column] for column in STAMP), strict=True)] == stamps


def test_rows_of_a_recording_that_is_as_before_are_counted(watched):
    clips, _, one, _ = watched
    for blocks in clips:
        list(blocks)
    assert clips.n_begun == {0: 4, 1: 0, 2: 0}
    finished = clips.finished(np.array([1, 2, 0]))
    assert finished["n_rows"].tolist() == [5, 2]
    assert finished["recording"].iloc[0] == recording_of(one)


def test_a_file_is_read_once_no_other_change_can_get_its_time(watched, monkeypatch):
    clips, _, one, _ = watched
    now_ns, hashed_ns = time.time_ns(), []
    os.utime(one, ns=(now_ns, now_ns))
    monkeypatch.setattr(module, "recording_of", lambda path: hashed_ns.append(time.time_ns()) or "")
    next(iter(clips))
    assert hashed_ns[0] - now_ns > 20_000_000


@pytest.mark.parametrize("changed", [0, 1])
def test_only_a_change_while_a_file_is_read_counts(changed, watched, write_sound):
    clips, reader, one, two = watched
    for place, blocks in enumerate(clips):
        next(blocks)
        if place == 1:
            write_sound(Path([one, two][changed]), 3.0)
            assert not clips.are_unchanged()
        list(blocks)
    assert reader.broken == ({1} if changed else set())
    assert [each.problem for each in reader.problems] == ["changed"] * changed
    finished = clips.finished(np.ones(3, int))
    assert finished.index.tolist() == ([0, 2] if changed else [0, 1, 2])
    assert finished["recording"].iloc[-1] == recording_of(two)
