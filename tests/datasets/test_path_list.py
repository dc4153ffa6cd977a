"""Sounds by a pattern, or by a text file with one path per line."""

import os
import sys
from pathlib import Path

import pytest

from soundalike.datasets.clips import SourceError
from soundalike.datasets.source import read_source


@pytest.fixture
def place(tmp_path, monkeypatch):
    for name in ("dog/a.wav", "dog/b.flac", "cat/old/c.wav", "train/dog/d.wav", "test/dog/e.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "dog" / "a.txt").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed(source):
    return [(Path(c.path).name, c.label, c.split) for c in read_source(source)]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("dog/*", [("a.wav", "", ""), ("b.flac", "", "")]),
        ("dog/*.wav", [("a.wav", "", "")]),
        ("[cd]*/**/*.wav", [("c.wav", "cat", ""), ("a.wav", "dog", "")]),
        ("t*/*/*.wav", [("e.wav", "dog", "test"), ("d.wav", "dog", "train")]),
        ("dog/?.flac", [("b.flac", "", "")]),
    ],
)
def test_a_pattern_lists_its_sounds_with_the_labels_of_their_folders(place, pattern, expected):
    assert listed(pattern) == expected
    assert listed(str(place / pattern)) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes")
def test_names_that_no_table_can_hold_are_problems(place):
    bad = Path(os.fsdecode(os.fsencode(place / "dog") + b"/\xff.wav"))
    bad.touch()
    clips = read_source("dog/*.wav")
    assert [Path(clip.path).name for clip in clips] == ["a.wav"]
    assert [problem.message for problem in clips.problems] == [
        f"{place}/dog/\ufffd.wav: the name is not valid UTF-8: rename it."
    ]
    (place / "dog" / "a.wav").unlink()
    for source in ("dog/*.wav", bad):
        with pytest.raises(SourceError, match="not valid UTF-8: rename it"):
            read_source(source)


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(place):
    (place / "x[1].wav").touch()
    assert listed("x[1].wav") == [("x[1].wav", "", "")]


def test_a_pattern_without_sounds_is_refused(place):
    with pytest.raises(SourceError, match=r"\*\.wavx: matches no sounds\.$"):
        read_source("*.wavx")
    with pytest.raises(SourceError, match=r"only 1 other file such as .*a\.txt"):
        read_source("dog/*.txt")


@pytest.mark.parametrize("name", ["list.txt", "list.csv", "list.lst", "list.m3u"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_text_file_of_paths_is_a_source(place, name, encoding):
    text = "#EXTM3U\n\ndog/a.wav\r\ncat\\old\\c.wav\n# a comment\ngone.wav\n./dog/a.wav\n"
    (place / name).write_bytes(text.encode(encoding))
    clips = read_source(name)
    assert [clip.path for clip in clips] == [
        str(place / "dog" / "a.wav"), str(place / "cat" / "old" / "c.wav"),
    ]  # fmt: skip
    assert [problem.problem for problem in clips.problems] == ["missing", "duplicate row"]
    assert "line 6" in clips.problems[0].message


def test_a_text_file_of_missing_paths_is_refused(place):
    (place / "list.txt").write_text("x/1.wav\nx/2.wav\n")
    with pytest.raises(SourceError, match=r"of its 2 lines, none names .* the first is 'x/1\.wav'"):
        read_source("list.txt")
