"""Folders of sounds: nested, linked, hidden, oddly named."""

import os
from pathlib import Path

import pytest
import soundfile

from soundalike.audio.suffixes import AUDIO_SUFFIXES
from soundalike.datasets.clips import SourceError
from soundalike.datasets.folder import read_folder


def make(root: Path, *names: str) -> None:
    """Make empty files; listing a folder does not open its sounds."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def rows_of(root: Path) -> list[tuple[str, str, str]]:
    """Return path below the root, label and split of every clip."""
    return [
        (str(Path(clip.path).relative_to(root)), clip.label, clip.split)
        for clip in read_folder(root)
    ]


def test_the_first_sub_folder_is_the_label_at_any_depth(tmp_path):
    make(tmp_path, "dog/2019/may/a.wav", "dog/b.wav", "cat/c.wav", "d.wav")
    assert rows_of(tmp_path) == [
        ("d.wav", "", ""),
        ("cat/c.wav", "cat", ""),
        ("dog/b.wav", "dog", ""),
        ("dog/2019/may/a.wav", "dog", ""),
    ]


def test_train_validation_and_test_are_splits_and_the_next_level_is_the_label(tmp_path):
    make(tmp_path, "train/dog/a.wav", "validation/dog/x/b.wav", "test/c.wav", "dog/train/d.wav")
    assert sorted(rows_of(tmp_path)) == [
        ("dog/train/d.wav", "dog", ""),
        ("test/c.wav", "", "test"),
        ("train/dog/a.wav", "dog", "train"),
        ("validation/dog/x/b.wav", "dog", "validation"),
    ]


def test_hidden_files_and_folders_are_skipped(tmp_path):
    make(tmp_path, "a.wav", ".b.wav", "._a.wav", ".git/c.wav", "dog/.cache/d.wav", "__MACOSX/a.wav")
    assert rows_of(tmp_path) == [("a.wav", "", "")]


def test_a_hidden_folder_named_as_the_source_is_read(tmp_path):
    make(tmp_path, ".sounds/a.wav")
    assert rows_of(tmp_path / ".sounds") == [("a.wav", "", "")]


def test_suffixes_match_in_any_case_and_other_files_are_skipped(tmp_path):
    make(tmp_path, "a.WAV", "b.Flac", "c.mp3", "d.txt", "e.wav.bak", "wav", "f.jpg", "g.")
    assert [name for name, *_ in rows_of(tmp_path)] == ["a.WAV", "b.Flac", "c.mp3"]


def test_a_folder_with_the_name_of_a_sound_is_a_folder(tmp_path):
    make(tmp_path, "take.wav/a.wav")
    assert rows_of(tmp_path) == [("take.wav/a.wav", "take.wav", "")]


def test_circular_links_end(tmp_path):
    make(tmp_path, "dog/a.wav")
    (tmp_path / "dog" / "up").symlink_to(tmp_path)
    (tmp_path / "dog" / "self").symlink_to(tmp_path / "dog")
    (tmp_path / "dog" / "loop.wav").symlink_to(tmp_path / "dog" / "loop.wav")
    assert rows_of(tmp_path) == [("dog/a.wav", "dog", ""), ("dog/loop.wav", "dog", "")]


def test_a_link_to_sounds_elsewhere_is_followed_once(tmp_path):
    make(tmp_path / "elsewhere", "a.wav")
    root = tmp_path / "root"
    make(root, "b.wav")
    (root / "dog").symlink_to(tmp_path / "elsewhere")
    (root / "owl").symlink_to(tmp_path / "elsewhere")
    assert rows_of(root) == [("b.wav", "", ""), ("dog/a.wav", "dog", "")]


def test_names_in_any_script_and_of_any_length(tmp_path):
    names = ["Ærø/ß.wav", "犬/吠.wav", "🐕/a b\n'c' \"d\".wav", "x/" + "é" * 123 + ".wav"]
    assert len(names[-1].encode()) == 252
    make(tmp_path, *names)
    assert {(name, label) for name, label, _ in rows_of(tmp_path)} == {
        (name, name.split("/")[0]) for name in names
    }


def test_names_that_are_not_utf8_are_problems_and_the_rest_is_read(tmp_path):
    make(tmp_path, "good.wav")
    os.mkdir(os.fsencode(tmp_path) + b"/caf\xe9")
    for name in (b"/na\xefve.wav", b"/caf\xe9/inside.wav"):
        Path(os.fsdecode(os.fsencode(tmp_path) + name)).touch()
    table = read_folder(tmp_path)
    assert [clip.path for clip in table] == [str(tmp_path / "good.wav")]
    assert len(table.problems) == 2
    for problem in table.problems:
        assert problem.message.isprintable()
        assert problem.message.encode(), "the message can be written anywhere"
        assert "UTF-8" in problem.message
        assert "rename" in problem.message


def test_clips_are_sorted_whatever_the_order_of_creation(tmp_path):
    names = [f"{kind}/{number}.wav" for kind in ("b", "a", "c") for number in (10, 9, 1)]
    make(tmp_path / "one", *names)
    make(tmp_path / "two", *reversed(names))
    assert rows_of(tmp_path / "one") == rows_of(tmp_path / "two")
    assert [name for name, *_ in rows_of(tmp_path / "one")] == sorted(names)


def test_the_source_is_named_after_the_folder(tmp_path, monkeypatch):
    make(tmp_path, "a.wav")
    monkeypatch.chdir(tmp_path)
    assert read_folder(Path(".")).name == tmp_path.name


def test_an_empty_folder_is_refused(tmp_path):
    (tmp_path / "nothing" / "in here").mkdir(parents=True)
    with pytest.raises(SourceError, match="is empty: put sounds in it") as error:
        read_folder(tmp_path)
    assert str(tmp_path) in str(error.value)


def test_a_folder_without_sounds_is_refused_with_the_suffixes_it_holds(tmp_path):
    make(tmp_path, "a.xyz", "b.xyz", "c.txt", "Makefile")
    with pytest.raises(SourceError, match=r"only 2 \.xyz, 1 .*Supported are .*\.wav") as error:
        read_folder(tmp_path)
    assert "1 .txt" in str(error.value)
    assert "1 no suffix" in str(error.value)


def test_a_folder_with_only_unusable_sounds_is_refused_with_the_reason(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.wav")).touch()
    with pytest.raises(SourceError, match="not valid UTF-8: rename it"):
        read_folder(tmp_path)


def test_what_seems_to_be_audio_and_is_not_read_is_named(tmp_path):
    make(tmp_path, "a.wav", "cat/b.mid", "cat/c.m4p", "cat/d.txt", "cat/e.bin")
    soundfile.write(tmp_path / "cat" / "f.wav.bak", [0.5, 0.1], 8000, format="WAV")
    (tmp_path / "cat" / "g.jpg").write_bytes(b"RIFF....WAVE")  # by its name, no sound at all
    problems = {Path(p.path).name: p for p in read_folder(tmp_path).problems}
    assert set(problems) == {"b.mid", "c.m4p", "f.wav.bak"}
    assert {problem.problem for problem in problems.values()} == {"not read"}
    assert "it is WAV, but its name does not say so" in problems["f.wav.bak"].message


def test_every_suffix_of_a_sound_is_a_clip(tmp_path):
    make(tmp_path, *(f"cat/a{suffix}" for suffix in AUDIO_SUFFIXES))
    table = read_folder(tmp_path)
    assert (len(table), table.classes, table.problems) == (len(AUDIO_SUFFIXES), ["cat"], [])


@pytest.mark.parametrize(
    ("name", "message"),
    [("archive.json", "is an archive and not a source"), ("metrics.csv", "is a training run")],
)
def test_what_soundalike_wrote_is_no_source(name, message, tmp_path):
    make(tmp_path, name, "model/weights.bin")
    with pytest.raises(SourceError, match=message):
        read_folder(tmp_path)
