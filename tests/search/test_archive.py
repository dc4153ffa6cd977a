"""An archive of sounds, searched by sound."""

import os
import shutil

import numpy as np
import pytest
from archives import add_clips

import soundalike as sa
from soundalike.archive.head import ArchiveError, read_head, write_head
from soundalike.datasets.source import read_source
from soundalike.embedding.sound_encoder import SoundEncoder
from soundalike.search.archive import Archive
from soundalike.search.selection import Selection


def test_the_best_window_of_every_sound_is_found(full, few_sounds):
    archive = sa.Archive.open(full.path)
    path = few_sounds / "high" / "7.wav"
    table = archive.to_pandas()
    vectors = np.stack(table["vector"])
    cosines = SoundEncoder.similarity(vectors, archive.model.encode(path)[None])[:, 0]
    best = table.assign(cosine=cosines).groupby("path")["cosine"].max().sort_values()[::-1]
    assert best.index[0] == "high/7.wav"  # which is the query, and left out
    results = archive.search(path)
    assert results["path"].tolist() == best.index.tolist()[1:]
    np.testing.assert_allclose(results["similarity"], best.iloc[1:], atol=1e-5)


def test_a_row_is_left_out_of_its_own_results(full):
    rows = full.rows()
    of_file = rows[rows["path"] == "low/7.wav"]["id"].tolist()
    best = full.search(of_file[1], k=100, all_windows=True)
    assert sorted([*best["id"], of_file[1]]) == rows["id"].tolist()
    assert best["path"].iloc[0] == "low/7.wav"


def test_a_file_is_left_out_of_its_own_results(full, few_sounds, tmp_path):
    """By the id of its row it was left out, and by its name it came first."""
    path = few_sounds / "low" / "7.wav"
    rows = full.rows()
    own = rows[rows["path"] == "low/7.wav"]
    others = sorted(set(rows["id"]) - set(own["id"]))
    every = {"k": 100, "all_windows": True}
    assert sorted(full.search(path, **every)["id"]) == others
    first = own.iloc[0]
    part = full.search(f"{path}@{first['start_s']:.2f}-{first['end_s']:.2f}", **every)
    is_apart = (own["start_s"] >= first["end_s"]) | (own["end_s"] <= first["start_s"])
    assert sorted(part["id"]) == sorted({*others, *own["id"][is_apart]})
    inner = full.search(f"{path}@0.1-0.4", **every)
    assert first["id"] not in set(inner["id"]), "the window holds the part"
    copy = shutil.copy(path, tmp_path)
    assert full.search(copy, k=1)["path"].tolist() == ["low/7.wav"]


def test_only_selected_rows_are_found(full):
    best = full.search("5", selection=Selection(folder="high"))
    assert sorted(best["path"]) == ["high/0.wav", "high/7.wav"]
    assert full.search(0, selection=Selection(labels=("none",))).empty


def test_sounds_to_steer_away_from_come_last(full):
    rows = full.rows()
    low, high = (rows[rows["label"] == kind]["id"].iloc[0] for kind in ("low", "high"))
    unlike = full.search(high, k=100, all_windows=True).set_index("id")["similarity"]
    before, after = (
        full.search(low, unlike=other, k=100, all_windows=True)["id"] for other in ((), high)
    )
    assert set(before) == set(after)
    # The nearer the results are to the best, the less they are like what they should not be.
    assert unlike.reindex(after[:6]).mean() < unlike.reindex(before[:6]).mean()


def test_what_is_added_is_found(new_archive, sounds, write_sound):
    assert new_archive.add(sounds, progress=False).n_clips == 6
    assert len(new_archive.search(7, all_windows=True, k=100)) == len(new_archive) - 1
    noise = write_sound(sounds / "noise.wav", 1.0)
    assert new_archive.add(sounds, progress=False).n_clips == 1
    copy = shutil.copy(noise, sounds.parent)
    assert new_archive.search(copy, k=1)["path"].tolist() == ["noise.wav"]
    assert repr(new_archive).startswith("Archive(")


def test_an_archive_carries_its_model(full, small_model, few_sounds):
    model = Archive.open(full.path).model
    assert model.fingerprint() == small_model.fingerprint() == full.head.model
    assert model.windows == small_model.windows


def test_other_models_and_windows_are_refused(full, small_model, few_sounds):
    same = Archive.open_for(full.path, small_model, "elsewhere")
    assert same.head == full.head
    with pytest.raises(ArchiveError, match=r"has windows of 0\.998 s every 0\.499 s.*--window_s"):
        Archive.open_for(full.path, small_model.with_windows(2.0))
    assert full.as_cut(small_model.with_windows(2.0)).windows == small_model.windows
    other = small_model.with_windows()
    other.standardization = type(other.standardization)(-2.0, 2.0)
    with pytest.raises(ArchiveError, match="vectors of another model"):
        Archive.open_for(full.path, other)


def test_an_archive_without_its_model_still_finds_rows(new_archive, tmp_path):
    add_clips(new_archive, ["a.wav", "b.wav"])
    for path in (new_archive.path / "model").iterdir():
        path.unlink()
    assert len(new_archive.search(0)) == 2
    with pytest.raises(Exception, match="the model cannot be loaded") as error:
        new_archive.search((np.sin(np.arange(22050.0)), 22050))
    assert error.value.exit_code == 2


def test_half_precision_changes_little(small_model, few_sounds, full, tmp_path):
    archive = Archive.open_for(tmp_path / "half", small_model, str(few_sounds), half=True)
    archive.add(few_sounds, progress=False)
    vectors = [each.vectors()[1] for each in (full, archive)]
    # Where bfloat16 is native, the vectors of another batch are not quite the same.
    assert np.diag(SoundEncoder.similarity(*vectors)).min() > 0.9999
    similarities = [each.search(3)["similarity"].to_numpy() for each in (full, archive)]
    assert np.abs(similarities[0] - similarities[1]).max() < 0.001


def test_the_sounds_of_an_archive_are_clips(full, few_sounds, tmp_path):
    clips = full.sounds()
    expected = read_source(few_sounds)
    assert clips.rows["path"].tolist() == expected.rows["path"].tolist()
    assert clips.rows["label"].tolist() == expected.rows["label"].tolist()
    assert clips.relative_paths().tolist() == full.clips()["path"].tolist()
    moved = Archive.open(full.path, str(tmp_path))
    assert moved.head.root == str(tmp_path)
    assert moved.sounds().rows["path"].iloc[0] == str(tmp_path / full.clips()["path"].iloc[0])
    assert Archive.open(full.path).head.root == str(few_sounds)


def test_the_head_says_which_version_made_it(full):
    assert read_head(full.path).version == sa.__version__
    assert os.path.isdir(full.path / "model")
    write_head(full.path, full.head)
