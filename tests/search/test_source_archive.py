"""The archive of a folder that is searched directly."""

import dataclasses
import shutil

import pytest

from soundalike.datasets.clips import Problem, SourceError
from soundalike.datasets.source import read_source
from soundalike.pretrained import SHIPPED_MODELS
from soundalike.search.archive import Archive
from soundalike.search.source_archive import _key, archive_of_source, cache_folder


@pytest.fixture
def cache(small_model, tmp_path, monkeypatch):
    """A cache of its own, and a small model instead of the shipped one."""
    small_model.save(tmp_path / "model")
    monkeypatch.setitem(SHIPPED_MODELS, "default", tmp_path / "model")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "soundalike" / "archives"


def test_an_archive_is_made_once_and_brought_up_to_date(cache, sounds, capsys, monkeypatch):
    assert cache_folder() == cache
    archive = archive_of_source(str(sounds))
    assert archive.path.parent == cache
    assert archive.name == str(sounds)
    assert f"embedding 6 new clips; kept in {archive.path}" in capsys.readouterr().err
    n_rows = len(archive)
    with monkeypatch.context() as patch:
        patch.setattr(Archive, "add", None)  # nothing to do
        assert len(archive_of_source(str(sounds))) == n_rows
    assert capsys.readouterr().err == ""
    shutil.copy(sounds / "low" / "0.wav", sounds / "new.wav")
    again = archive_of_source(str(sounds))
    assert again.path == archive.path
    assert "embedding 1 new clip;" in capsys.readouterr().err
    assert again.rows()["path"].iloc[-1] == "new.wav"


def test_every_source_and_every_model_has_its_own(cache, sounds, small_model, tmp_path):
    paths = {archive_of_source(str(sounds / kind), progress=False).path for kind in ("low", "high")}
    small_model.with_windows(2.0).save(tmp_path / "model")
    paths.add(archive_of_source(str(sounds / "low"), progress=False).path)
    assert len(paths) == 3


def test_a_pattern_is_that_of_its_folder(monkeypatch, tmp_path):
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    keys = []
    for folder in (tmp_path / "here", tmp_path / "there", tmp_path):
        monkeypatch.chdir(folder)
        keys += [_key(pattern) for pattern in ("*.wav", "../here/*.wav", "here/*.wav")]
    assert keys[0] == keys[1] == keys[4] == keys[8]
    assert keys[3] != keys[0]


def test_a_source_that_is_not_there_makes_nothing(cache, tmp_path):
    with pytest.raises(SourceError, match="no such file or folder"):
        archive_of_source(str(tmp_path / "gone"))
    assert not cache.exists()


def test_broken_clips_are_said_and_are_not_new(cache, sounds, capsys, write_sound):
    """They were called new at every search, and never broken."""
    (sounds / "a\n.wav").write_text("no sound")
    (sounds / "b.wav").touch()
    archive = archive_of_source(str(sounds))
    skipped = f"{sounds}: skipped 2 clips that cannot be read (see {archive.path}.problems.csv)"
    captured = capsys.readouterr().err
    assert "embedding 8 new clips" in captured
    assert captured.splitlines()[-1] == skipped
    archive_of_source(str(sounds))
    assert capsys.readouterr().err == f"{skipped}\n"
    write_sound(sounds / "b.wav")
    write_sound(sounds / "c.wav")
    archive_of_source(str(sounds))
    captured = capsys.readouterr().err
    assert "embedding 1 new clip;" in captured  # and the one that is broken no more
    assert "skipped 1 clip that" in captured
    (archive.path.parent / f"{archive.path.name}.problems.csv").write_text("damaged")
    archive_of_source(str(sounds))
    assert "embedding 1 new clip;" in capsys.readouterr().err


def test_problems_of_the_source_are_said(cache, sounds, capsys):
    clips = read_source(sounds)
    problem = Problem("gone.wav", "missing", "gone.wav: no such file")
    for _ in range(2):
        archive_of_source(str(sounds), dataclasses.replace(clips, problems=[problem]))
        assert f"{sounds}: skipped 1 clip" in capsys.readouterr().err


def test_long_recordings_are_said_once(cache, small_model, tmp_path, write_sound, capsys):
    small_model.with_windows(10.0).save(tmp_path / "model")
    for name, duration_s in {"a": 1, "b": 1, "c": 31}.items():
        write_sound(tmp_path / "some" / f"{name}.wav", duration_s)
    archive_of_source(str(tmp_path / "some"))
    assert f"{tmp_path / 'some'}: 1 of 3 clips is longer" in capsys.readouterr().err
    archive_of_source(str(tmp_path / "some"))
    assert capsys.readouterr().err == ""
