"""Sounds into an archive."""

import contextlib
import dataclasses
import itertools
import os
import random
import shutil
import threading
import time

import numpy as np
import pandas as pd
import pytest
from kills import kill_before_each_commit, kills

from soundalike.archive import index
from soundalike.archive.lance_index import has_index
from soundalike.archive.writer import Writer
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.datasets.prepare import BrokenClipsError
from soundalike.datasets.source import read_source
from soundalike.embedding.embed import embed
from soundalike.search import fill as module
from soundalike.search.archive import Archive
from soundalike.search.fill import fill


def refill(archive, model, source, **settings):
    return fill(archive, model, read_source(source), progress=False, **settings)


def test_an_archive_has_the_rows_of_a_file(new_archive, small_model, sounds, tmp_path):
    result = refill(new_archive, small_model, sounds)
    embed(small_model, read_source(sounds), tmp_path / "rows.parquet", progress=False)
    expected = pd.read_parquet(tmp_path / "rows.parquet")
    table = new_archive.to_pandas()
    vectors = np.stack(table.pop("vector"))
    np.testing.assert_allclose(vectors, np.stack(expected.pop("vector")), atol=1e-5)
    assert table[list(expected)].to_dict("list") == expected.to_dict("list")
    assert table["id"].tolist() == list(range(len(expected)))
    assert (result.n_clips, result.n_known, result.n_problems) == (6, 0, 0)
    assert result.n_windows == result.n_rows == len(expected)
    assert result.root == str(sounds)
    assert table["recording"].nunique() == 6
    assert table["peak_db"].between(-6.1, -4.5).all()  # tones at half of full scale, noise


def test_only_what_is_new_is_added(new_archive, small_model, sounds, write_sound):
    before = refill(new_archive, small_model, sounds).n_rows
    rows = new_archive.to_pandas()
    result = refill(new_archive, small_model, sounds)
    assert (result.n_clips, result.n_windows, result.n_known) == (0, 0, 6)
    write_sound(sounds / "low" / "new\nsound #1 100%ü 'x'.wav", 2.0)
    shutil.copy(sounds / "low" / "0.wav", sounds / "copy.wav")
    os.utime(sounds / "low" / "7.wav", ns=(1, 1))
    result = refill(new_archive, small_model, sounds)
    assert (result.n_clips, result.n_known) == (2, 6)
    assert refill(new_archive, small_model, sounds).n_known == 8
    after = new_archive.to_pandas()
    pd.testing.assert_frame_equal(after.iloc[:before], rows)
    copies = after[after["path"].isin(["copy.wav", "low/0.wav"])]
    assert copies["recording"].nunique() == 1
    assert len(copies) == 2 * len(rows[rows["path"] == "low/0.wav"])


def test_a_changed_sound_is_embedded_again(new_archive, small_model, sounds, write_sound):
    refill(new_archive, small_model, sounds)
    before = new_archive.rows()
    write_sound(sounds / "low" / "0.wav", 3.0)
    (sounds / "high" / "0.wav").unlink()
    assert refill(new_archive, small_model, sounds).n_clips == 1
    rows = new_archive.rows()
    others = before[before["path"] != "low/0.wav"]
    pd.testing.assert_frame_equal(rows.iloc[: len(others)], others.reset_index(drop=True))
    new = rows.iloc[len(others) :]
    assert set(new["path"]) == {"low/0.wav"}
    assert (new["duration_s"] == 3).all()
    assert "high/0.wav" in set(rows["path"])  # rows of sounds that are gone stay


def test_clips_with_new_labels_are_not_embedded_again(new_archive, small_model, sounds):
    path = str(sounds / "low" / "7.wav")
    clips = [Clip(path, "a", end_s=1.2), Clip(path, "b", start_s=1.2)]
    fill(new_archive, small_model, ClipTable.of("x", clips), progress=False)
    before = new_archive.to_pandas()
    clips = [Clip(path, "a", end_s=1.2), Clip(path, "it's;b", "test", start_s=1.2)]
    for _ in range(2):
        result = fill(new_archive, small_model, ClipTable.of("x", clips), progress=False)
        assert (result.n_clips, result.n_known) == (0, 2)
        after = new_archive.to_pandas()
        is_second = before["label"] == "b"
        assert after["label"].tolist() == np.where(is_second, "it's;b", "a").tolist()
        assert after["split"].tolist() == np.where(is_second, "test", "").tolist()
        assert after["vector"].map(bytes).tolist() == before["vector"].map(bytes).tolist()
    assert sorted(new_archive.clips()["label"]) == ["a", "it's;b"]


def test_segments_of_a_file_are_clips_of_one_recording(new_archive, small_model, sounds):
    path = str(sounds / "low" / "7.wav")
    clips = [Clip(path, "a", "train", end_s=1.2), Clip(path, "b", start_s=1.2)]
    for n_known in (0, 2):
        result = fill(new_archive, small_model, ClipTable.of("x", clips), progress=False)
        assert result.n_known == n_known
    rows = new_archive.rows()
    assert rows["recording"].nunique() == 1
    assert rows.groupby("label")["start_s"].min().to_dict() == {"a": 0, "b": 1.2}
    assert rows["split"].unique().tolist() == ["train", ""]


def test_broken_sounds_are_listed_and_tried_again(new_archive, small_model, sounds, write_sound):
    (sounds / "broken.wav").write_text("no sound")
    with pytest.raises(BrokenClipsError, match=r"broken\.wav"):
        refill(new_archive, small_model, sounds, strict=True)
    result = refill(new_archive, small_model, sounds)
    assert (result.n_clips, result.n_problems) == (6, 1)
    assert pd.read_csv(result.problems)["path"].tolist() == [str(sounds / "broken.wav")]
    assert result.problems == f"{new_archive.path}.problems.csv"
    write_sound(sounds / "broken.wav")
    result = refill(new_archive, small_model, sounds)
    assert (result.n_clips, result.n_problems, result.problems) == (1, 0, None)
    assert not os.path.exists(f"{new_archive.path}.problems.csv")


def test_nothing_but_broken_sounds_is_an_error(new_archive, small_model, tmp_path):
    (tmp_path / "broken.wav").write_text("no sound")
    with pytest.raises(BrokenClipsError, match="no clip could be read"):
        refill(new_archive, small_model, tmp_path / "broken.wav")
    assert len(new_archive) == 0


def test_a_sound_that_breaks_after_its_first_windows_has_no_rows(
    new_archive, small_model, sounds, monkeypatch
):
    """Its file may change while it is read."""
    original = module.ClipReader._log_mel

    def break_off(reader, position, clip):
        blocks = original(reader, position, clip)
        if clip.path.endswith("7.wav"):
            yield next(blocks)[:120]
            reader.broken.add(position)
        else:
            yield from blocks

    monkeypatch.setattr(module.ClipReader, "_log_mel", break_off)
    assert refill(new_archive, small_model, sounds).n_clips == 3
    assert {path[-5:] for path in new_archive.rows()["path"]} == {"0.wav"}
    assert set(new_archive.clips()["path"].str[-5:]) == {"0.wav"}


def test_a_sound_that_breaks_after_rows_of_it_were_added_has_no_rows(
    new_archive, small_model, sounds, monkeypatch
):
    monkeypatch.setattr(module, "ROWS_PER_ADD", 1)
    originals = module.ClipReader._log_mel, Writer.add
    has_rows = threading.Event()

    def break_off(reader, position, clip):
        yield from originals[0](reader, position, clip)
        if clip.path.endswith("low/7.wav"):
            assert has_rows.wait(20)
            reader.broken.add(position)

    def add(writer, rows, vectors):
        originals[1](writer, rows, vectors)
        if (rows["path"] == "low/7.wav").any():
            has_rows.set()

    monkeypatch.setattr(module.ClipReader, "_log_mel", break_off)
    monkeypatch.setattr(Writer, "add", add)
    result = refill(new_archive, small_model, sounds, batch_size=1)
    paths = set(new_archive.rows()["path"])
    assert len(paths) == result.n_clips == 5
    assert "low/7.wav" not in paths
    assert result.n_windows == result.n_rows


@pytest.mark.parametrize("is_before", [False, True])
def test_a_sound_that_changes_while_it_is_read_waits_for_the_next_run(
    is_before, new_archive, small_model, sounds, write_sound, tmp_path, monkeypatch
):
    """Also if its content comes back: then its hash says nothing about what has been read."""
    path = sounds / "low" / "0.wav"
    content = path.read_bytes()
    if is_before:
        refill(new_archive, small_model, sounds)
        write_sound(path, 2.0, 5)
        content = path.read_bytes()
    original = module.ClipReader._log_mel

    def read(reader, position, clip):
        if clip.path == str(path):
            write_sound(path, 3.0)
        yield from original(reader, position, clip)
        if clip.path == str(path):
            path.write_bytes(content)

    with monkeypatch.context() as patch:
        patch.setattr(module.ClipReader, "_log_mel", read)
        result = refill(new_archive, small_model, sounds, may_be_empty=True)
        assert (result.n_clips, result.n_problems) == (0 if is_before else 5, 1)
        (message,) = pd.read_csv(result.problems)["message"]
        why = "changed: it was written to while it was read; run this again"
        assert message == f"{path}: {why}"
        with pytest.raises(BrokenClipsError, match=why):
            refill(new_archive, small_model, sounds, strict=True)
    assert refill(new_archive, small_model, sounds).n_clips == 1
    fresh = Archive.open_for(tmp_path / "fresh", small_model, str(sounds))
    refill(fresh, small_model, sounds)
    tables = [archive.to_pandas() for archive in (new_archive, fresh)]
    for table in tables:
        table["vector"] = [vector.round(4).tolist() for vector in table["vector"]]
    order = ["path", "start_s"]
    tables = [table.drop(columns="id").sort_values(order, ignore_index=True) for table in tables]
    pd.testing.assert_frame_equal(*tables)


def test_a_long_recording_resumes_where_it_was_interrupted(
    small_model, tmp_path, write_sound, monkeypatch
):
    """Its rows are committed in parts; the bytes are those of a run without a break."""
    monkeypatch.setattr(module, "ROWS_PER_ADD", 8)
    write_sound(tmp_path / "sounds" / "long.wav", 20.0)
    clips = read_source(tmp_path / "sounds")
    tables = []
    for limit in (100, 2):
        archive = Archive.open_for(tmp_path / f"{limit}", small_model, clips.root)
        n_adds, n_encoded = 0, []

        def add(writer, rows, vectors, original=Writer.add, limit=limit, encoded=n_encoded):
            nonlocal n_adds
            if (n_adds := n_adds + 1) > limit:
                raise KeyboardInterrupt
            encoded.append(len(rows))
            original(writer, rows, vectors)

        with monkeypatch.context() as patch:
            patch.setattr(Writer, "add", add)
            with contextlib.suppress(KeyboardInterrupt):
                fill(archive, small_model, clips, batch_size=4, progress=False)
        n_rows_before = len(archive)
        result = fill(archive, small_model, clips, batch_size=4, progress=False)
        assert result.n_windows == result.n_rows - n_rows_before
        assert not archive.clips()["is_complete"].eq(False).any()
        tables.append(archive.to_pandas())
    assert sum(n_encoded) == n_rows_before == 16
    assert tables[0]["vector"].map(bytes).tolist() == tables[1]["vector"].map(bytes).tolist()
    pd.testing.assert_frame_equal(*(table.drop(columns="vector") for table in tables))


def test_all_windows_of_an_interrupted_recording_get_its_new_label(
    small_model, tmp_path, write_sound, monkeypatch
):
    monkeypatch.setattr(module, "ROWS_PER_ADD", 8)
    write_sound(tmp_path / "sounds" / "long.wav", 20.0)
    clips = read_source(tmp_path / "sounds")
    archive = Archive.open_for(tmp_path / "archive", small_model, clips.root)
    n_adds = itertools.count(1)

    def add(writer, rows, vectors, original=Writer.add):
        if next(n_adds) > 2:
            raise KeyboardInterrupt
        original(writer, rows, vectors)

    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(Writer, "add", add)
        fill(archive, small_model, clips, batch_size=4, progress=False)
    n_before = len(archive)
    labeled = dataclasses.replace(clips, rows=clips.rows.assign(label="owl"))
    fill(archive, small_model, labeled, batch_size=4, progress=False)
    assert 0 < n_before < len(archive)
    assert set(archive.rows()["label"]) == set(archive.clips()["label"]) == {"owl"}


def test_a_large_archive_gets_an_index(new_archive, small_model, sounds, monkeypatch, capsys):
    monkeypatch.setattr(module, "EXACT_ROWS", 5)
    monkeypatch.setattr(index, "EXACT_ROWS", 5)
    monkeypatch.setattr(module, "ROWS_PER_ADD", 4)
    for is_said in (True, False):
        fill(new_archive, small_model, read_source(sounds))
        assert has_index(new_archive.row_table)
        assert ("indexes 18 rows in about" in capsys.readouterr().err) is is_said
    exact = new_archive.search(3, k=3, exact=True)
    assert new_archive.search(3, k=3)["id"].tolist() == exact["id"].tolist()
    for path in new_archive.path.glob("rows.lance/_indices/*/*"):
        path.write_bytes(b"")
    fill(new_archive, small_model, read_source(sounds))
    assert "indexes 18 rows in about" in capsys.readouterr().err
    assert new_archive.search(3, k=3)["id"].tolist() == exact["id"].tolist()


FILL = """
from soundalike.datasets.source import read_source
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.search import fill as module

module.CLIPS_PER_PART = 1
model, sounds = arguments

def work(folder):
    encoder = SoundEncoder.load(model)
    clips = read_source(sounds)
    archive = Archive.open_for(folder, encoder, clips.root)
    module.fill(archive, encoder, clips, progress=False)
"""


@kills()
def test_a_kill_at_any_moment_makes_no_difference(
    names, cut, nursery, small_model, few_sounds, tmp_path
):
    small_model.save(tmp_path / "model")
    for kind in ("low", "high"):
        (tmp_path / "sounds" / kind).mkdir(parents=True)
        shutil.copy(few_sounds / kind / "0.wav", tmp_path / "sounds" / kind)
    n_moments = kill_before_each_commit(
        nursery, FILL, tmp_path, tmp_path / "model", tmp_path / "sounds", cut=cut
    )
    assert n_moments > 8  # weights, config and head; rows and record of two parts; two compactions


RUN = """
import sys
from soundalike.datasets.source import read_source
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.search.archive import Archive
from soundalike.search.fill import fill

model = SoundEncoder.load(sys.argv[1])
clips = read_source(sys.argv[2])
fill(Archive.open_for(sys.argv[3], model, clips.root), model, clips, progress=False)
"""


@pytest.mark.slow
def test_twenty_random_kills_over_five_thousand_files(nursery, small_model, tmp_path, write_sound):
    small_model.save(tmp_path / "model")
    for number in range(5000):
        write_sound(tmp_path / "sounds" / f"{number % 50}" / f"{number}.wav", 0.4, number)
    words = ["-c", RUN, tmp_path / "model", tmp_path / "sounds"]
    start = time.monotonic()
    assert nursery.run(*words, tmp_path / "whole", limit_s=1800).returncode == 0
    whole_s = time.monotonic() - start
    rng, n_kills = random.Random(0), 0
    while n_kills < 20:
        program = nursery.start(*words, tmp_path / "killed")
        if program.poll(rng.uniform(0.02, 0.12) * whole_s) is not None:
            break
        os.kill(program.pid, 9)
        program.communicate(60)
        n_kills += 1
    assert nursery.run(*words, tmp_path / "killed", limit_s=1800).returncode == 0
    tables = [Archive.open(tmp_path / name).to_pandas() for name in ("whole", "killed")]
    vectors = [np.stack(table.pop("vector")) for table in tables]
    pd.testing.assert_frame_equal(*tables)
    np.testing.assert_array_equal(*vectors)
    assert n_kills > 5
    sizes = [
        sum(path.stat().st_size for path in (tmp_path / name).rglob("*") if path.is_file())
        for name in ("whole", "killed")
    ]
    assert sizes[1] < 1.1 * sizes[0]  # nothing is left of the kills
