"""Shards into one archive."""

import shutil

import numpy as np
import pandas as pd
import pytest
from kills import kill_before_each_commit
from power_cut import POWER_CUTS

from soundalike.archive import index
from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.head import ArchiveError
from soundalike.archive.lance_index import has_index
from soundalike.datasets.source import read_source
from soundalike.search import fill as fill_module
from soundalike.search.archive import Archive
from soundalike.search.fill import fill
from soundalike.search.merge import merge
from soundalike.search.shards import Shard, finish_shard

KEY = ["path", "start_s", "end_s"]


def embed_shard(folder, model, source, number, n=3, **settings):
    clips, shard = read_source(source), Shard(number, n)
    archive = Archive.open_for(folder / shard.folder, model, clips.root, **settings)
    with finish_shard(archive.path):
        return fill(archive, model, shard.share(clips), may_be_empty=True, progress=False)


def embed_shards(folder, model, source, n=3):
    return [embed_shard(folder, model, source, number, n) for number in range(1, n + 1)]


def contents(archive):
    table = archive.to_pandas().sort_values(KEY, ignore_index=True)
    vectors = np.stack(table.pop("vector"))
    return table.drop(columns="id"), vectors


def assert_same(archive, expected):
    rows, vectors = contents(archive)
    expected_rows, expected_vectors = contents(expected)
    pd.testing.assert_frame_equal(rows, expected_rows)
    np.testing.assert_allclose(vectors, expected_vectors, atol=1e-6)
    clips = [each.clips().sort_values("path")["path"].tolist() for each in (archive, expected)]
    assert clips[0] == clips[1]


@pytest.fixture(scope="session")
def shards(small_model, few_sounds, tmp_path_factory):
    """The sounds of `full` in three shards; tests only read them."""
    folder = tmp_path_factory.mktemp("shards")
    embed_shards(folder, small_model, few_sounds)
    return folder


def test_shards_make_the_archive_of_one_process(shards, full, tmp_path, few_sounds):
    result = merge(shards, tmp_path / "all", progress=False)
    archive = Archive.open(tmp_path / "all")
    assert_same(archive, full)
    assert (result.n_shards, result.n_clips, result.n_known, result.n_problems) == (3, 6, 0, 0)
    assert result.n_windows == result.n_rows == len(full)
    assert result.root == archive.head.root == str(few_sounds)
    assert archive.rows()["id"].tolist() == list(range(len(full)))
    query = few_sounds / "low" / "0.wav"
    best = [each.search(query, k=3).drop(columns="id") for each in (archive, full)]
    pd.testing.assert_frame_equal(*best, atol=1e-5)


def test_a_merge_adds_what_is_new_and_replaces_what_has_changed(
    small_model, sounds, write_sound, tmp_path
):
    embed_shards(tmp_path / "shards", small_model, sounds)
    merge(tmp_path / "shards", tmp_path / "all", progress=False)
    archive = Archive.open(tmp_path / "all")
    again = merge(tmp_path / "shards", tmp_path / "all", progress=False)
    assert (again.n_clips, again.n_windows, again.n_known) == (0, 0, 6)
    write_sound(sounds / "low" / "0.wav", 3.0, 1)
    write_sound(sounds / "low" / "new.wav", 1.5, 2)
    sounds.joinpath("middle", "0.wav").rename(sounds / "high" / "moved.wav")
    results = embed_shards(tmp_path / "shards", small_model, sounds)
    result = merge(tmp_path / "shards", tmp_path / "all", progress=False)
    assert result.n_clips == sum(each.n_clips for each in results) == 3
    archive.refresh()
    whole = Archive.open_for(tmp_path / "whole", small_model, str(sounds))
    fill(whole, small_model, read_source(sounds), progress=False)
    gone = archive.rows()["path"] == "middle/0.wav"  # rows of sounds that are gone stay
    assert gone.any()
    rows, vectors = contents(archive)
    is_there = (rows["path"] != "middle/0.wav").to_numpy()
    expected_rows, expected = contents(whole)
    pd.testing.assert_frame_equal(rows[is_there].reset_index(drop=True), expected_rows)
    np.testing.assert_allclose(vectors[is_there], expected, atol=1e-6)


def test_broken_sounds_are_listed_once_and_a_share_may_have_nothing_else(
    small_model, few_sounds, tmp_path
):
    (tmp_path / "sounds").mkdir()
    shutil.copy(few_sounds / "low" / "0.wav", tmp_path / "sounds")
    for name in ("broken.wav", "empty.wav"):
        (tmp_path / "sounds" / name).write_text("no sound")
    embed_shards(tmp_path / "shards", small_model, tmp_path / "sounds", 8)
    result = merge(tmp_path / "shards", tmp_path / "all", progress=False)
    assert (result.n_clips, result.n_problems) == (1, 2)
    assert result.problems == f"{tmp_path / 'all'}.problems.csv"
    paths = pd.read_csv(result.problems)["path"].tolist()
    assert sorted(paths) == [
        str(tmp_path / "sounds" / name) for name in ("broken.wav", "empty.wav")
    ]
    for path in paths:
        shutil.copy(few_sounds / "low" / "7.wav", path)
    embed_shards(tmp_path / "shards", small_model, tmp_path / "sounds", 8)
    result = merge(tmp_path / "shards", tmp_path / "all", progress=False)
    assert (result.n_clips, result.n_known, result.problems) == (2, 1, None)
    assert not (tmp_path / "all.problems.csv").exists()


def test_shards_that_do_not_fit_are_refused(shards, small_model, few_sounds, tmp_path, capsys):
    folder = shutil.copytree(shards, tmp_path / "shards")
    shutil.rmtree(folder / "2-of-3")
    with pytest.raises(ArchiveError, match="2/3 is missing"):
        merge(folder, tmp_path / "all")
    model = small_model.with_windows(1.5, 0.5)
    embed_shard(folder, model, few_sounds, 2)
    with pytest.raises(ArchiveError, match=r"2-of-3: has windows of another length or hop than"):
        merge(folder, tmp_path / "all")
    assert not (tmp_path / "all").exists()
    shutil.rmtree(folder / "2-of-3")
    embed_shard(folder, small_model, few_sounds, 2, half=True)
    with pytest.raises(ArchiveError, match=r"2-of-3: has vectors in another precision than"):
        merge(folder, tmp_path / "all")
    Archive.open_for(tmp_path / "all", model)
    with pytest.raises(ArchiveError, match=r"all: has windows of another length or hop than"):
        merge(shards, tmp_path / "all")


def test_shards_with_other_roots_are_told(shards, full, tmp_path, capsys):
    folder = shutil.copytree(shards, tmp_path / "shards")
    Archive.open(folder / "3-of-3").move_root("/elsewhere")
    merge(folder, tmp_path / "all", progress=False)
    assert "1 shard had the sounds in another folder than" in capsys.readouterr().err
    assert_same(Archive.open(tmp_path / "all"), full)


def test_a_large_archive_gets_an_index(shards, tmp_path, monkeypatch):
    for each in (fill_module, index):
        monkeypatch.setattr(each, "EXACT_ROWS", 5)
    merge(shards, tmp_path / "all", progress=False)
    assert has_index(Archive.open(tmp_path / "all").row_table)


def test_backgrounds_are_those_of_one_process(small_model, write_sound, tmp_path):
    for number in range(4):
        write_sound(tmp_path / "sounds" / f"{number}.wav", 31.0, number)
    embed_shards(tmp_path / "shards", small_model, tmp_path / "sounds")
    merge(tmp_path / "shards", tmp_path / "all", progress=False)
    whole = Archive.open_for(tmp_path / "whole", small_model, str(tmp_path / "sounds"))
    fill(whole, small_model, read_source(tmp_path / "sounds"), progress=False)
    means = []
    for archive in (Archive.open(tmp_path / "all"), whole):
        backgrounds = Backgrounds.of(archive)
        rows = archive.rows().assign(stretch=backgrounds.stretches)
        order = rows.sort_values(KEY)["stretch"].to_numpy()
        means.append(backgrounds.means[[*order, -1]])
    assert len(np.unique(means[0], axis=0)) == 5
    np.testing.assert_allclose(*means, atol=1e-6)


MERGE = """
from soundalike.search.merge import merge

def work(folder):
    merge(Path(arguments[0]), folder, progress=False)
"""


@pytest.mark.slow
@pytest.mark.parametrize("cut", ["", *POWER_CUTS])
def test_a_merge_killed_at_any_moment_resumes(cut, nursery, shards, tmp_path):
    n_moments = kill_before_each_commit(nursery, MERGE, tmp_path, shards, cut=cut)
    assert n_moments > 8  # weights, config and head; rows and records of three shards; compactions
