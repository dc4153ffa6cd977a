"""Shards of a source."""

import numpy as np
import pandas as pd
import pytest

from soundalike.archive.head import ArchiveError, Head, write_head
from soundalike.datasets.clips import Clip, ClipTable, Problem
from soundalike.search.shards import (
    Shard,
    finish_shard,
    finished_shards,
    require_shards_of,
    shard_numbers,
)

N = 1000


def clips_in(root, n=N):
    clips = [
        Clip(f"{root}/{number % 7}/{number}.wav", start_s=s) for number in range(n) for s in (0, 1)
    ]
    problems = [
        Problem(f"{root}/gone/{number}.wav", "missing", "no such file") for number in range(9)
    ]
    table = ClipTable.of("sounds", clips, problems, ["a note"])
    return ClipTable(table.name, table.rows, table.problems, table.notes, root=root)


def test_shares_are_all_clips_and_no_clip_twice():
    clips = clips_in("/data")
    shares = [Shard(number, 3).share(clips) for number in (1, 2, 3)]
    rows = pd.concat([share.rows for share in shares])
    order = ["path", "start_s"]
    pd.testing.assert_frame_equal(
        rows.sort_values(order, ignore_index=True), clips.rows.sort_values(order, ignore_index=True)
    )
    problems = [problem.path for share in shares for problem in share.problems]
    assert sorted(problems) == [problem.path for problem in clips.problems]
    assert all(share.notes == ["a note"] and share.root == "/data" for share in shares)
    files = [set(share.rows["path"]) for share in shares]
    assert sum(map(len, files)) == N  # all clips of a file are in one share
    assert all(0.25 * N < len(each) < 0.42 * N for each in files)


def test_a_file_stays_in_its_share_wherever_the_source_is_and_whatever_is_added():
    def files(clips):
        return set(Shard(2, 5).share(clips).relative_paths())

    few, many = files(clips_in("/data", 100)), files(clips_in("/mnt/other", 200))
    assert few
    assert few == {path for path in many if int(path[2:-4]) < 100}


def test_the_rule_never_changes():
    """Otherwise a job that is run again by a newer version embeds another share."""
    paths = pd.Series(["a.wav", "birds/wren.wav", "ü.wav", "a.wav"])
    np.testing.assert_array_equal(shard_numbers(paths, 16), [5, 2, 15, 5])


def test_what_names_a_shard():
    assert Shard.of("3/16") == Shard(3, 16)
    assert str(Shard(3, 16)) == "3/16"
    for text in ("0/16", "17/16", "3", "3/", "-1/2", "3/16/2", "1/0", "a/b", "³/16", "1.0/2"):
        with pytest.raises(ValueError, match="expected a shard such as 3/16, from 1/16 to 16/16"):
            Shard.of(text)


def test_shards_that_are_missing_or_unfinished_are_named(tmp_path):
    with pytest.raises(ArchiveError, match=r"no shards there: make them with .* --shard i/n"):
        finished_shards(tmp_path / "gone")
    for number in (1, 2, 4):
        (tmp_path / f"{number}-of-4").mkdir()
    for number in (1, 4):
        with finish_shard(tmp_path / f"{number}-of-4"):
            pass
    with pytest.raises(
        ArchiveError, match=r": 2/4, 3/4 are missing or unfinished: run .* 2/4`, and"
    ):
        finished_shards(tmp_path)
    with pytest.raises(KeyboardInterrupt), finish_shard(tmp_path / "4-of-4"):
        raise KeyboardInterrupt
    for number in (2, 3):
        (tmp_path / f"{number}-of-4").mkdir(exist_ok=True)
        with finish_shard(tmp_path / f"{number}-of-4"):
            pass
    with pytest.raises(
        ArchiveError, match=r": 4/4 is missing or unfinished: run .* --shard 4/4`\."
    ):
        finished_shards(tmp_path)
    with finish_shard(tmp_path / "4-of-4"):
        pass
    assert finished_shards(tmp_path) == [tmp_path / f"{number}-of-4" for number in (1, 2, 3, 4)]


def test_many_missing_shards_are_counted(tmp_path):
    (tmp_path / "1-of-100").mkdir()
    with pytest.raises(ArchiveError, match=r"9/100, 10/100 and 90 more are missing"):
        finished_shards(tmp_path)


def test_shards_of_other_numbers_are_refused(tmp_path):
    require_shards_of(tmp_path / "new", 3)
    (tmp_path / "1-of-4").mkdir()
    require_shards_of(tmp_path, 4)
    with pytest.raises(ArchiveError, match="has shards of 4: use --shard i/4"):
        require_shards_of(tmp_path, 3)
    (tmp_path / "1-of-3").mkdir()
    with pytest.raises(ArchiveError, match="has shards of 3 and 4: delete"):
        finished_shards(tmp_path)
    write_head(tmp_path, Head(2, "model"))
    with pytest.raises(ArchiveError, match="is an archive: name another folder for the shards"):
        require_shards_of(tmp_path, 4)
