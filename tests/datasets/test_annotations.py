"""Properties of every format of annotations in the table."""

import pkgutil
from pathlib import Path

import pytest

from soundalike.datasets import TABLE_FORMATS
from soundalike.datasets.annotations import Sounds, format_of, read_annotations
from soundalike.datasets.clips import SourceError
from soundalike.datasets.source import read_source
from soundalike.datasets.text_table import open_text_table

# Two owls, and a frog over the second owl.
EXAMPLES = {
    "Raven selection table": (
        "dawn.Table.1.selections.txt",
        "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tSpecies\n"
        "1\tWaveform 1\t1\t0.5\t1.5\t100.0\towl\n"
        "1\tSpectrogram 1\t1\t0.5\t1.5\t100.0\towl\n"
        "2\tSpectrogram 1\t1\t2.0\t3.0\t100.0\towl\n"
        "3\tSpectrogram 1\t1\t2.0\t3.0\t900.0\tfrog\n",
    ),
    "Audacity labels": (
        "dawn.txt", "0.5\t1.5\towl\n\\\t100.0\t900.0\n2.0\t3.0\towl\n2.0\t3.0\tfrog\n"
    ),
    "BirdNET results": (
        "dawn.BirdNET.results.csv",
        "Start (s),End (s),Scientific name,Common name,Confidence\n"
        "0.5,1.5,Strix aluco,owl,0.9\n2.0,3.0,Strix aluco,owl,0.5\n2.0,3.0,Rana,frog,0.4\n",
    ),
}  # fmt: skip


@pytest.fixture(params=TABLE_FORMATS)
def example(request, tmp_path):
    """A table of a format next to two sounds, one of which it annotates."""
    assert request.param in EXAMPLES, f"write a small table of {request.param} for this test"
    name, text = EXAMPLES[request.param]
    (tmp_path / name).write_text(text)
    for sound in ("dawn.wav", "dusk.wav"):
        (tmp_path / sound).touch()
    return request.param, tmp_path / name


def segments(source):
    return [(Path(c.path).name, c.label, c.start_s, c.end_s) for c in read_source(source)]


ANNOTATED = [("dawn.wav", "owl", 0.5, 1.5), ("dawn.wav", "owl;frog", 2.0, 3.0)]


def test_every_format_is_recognized_only_by_its_own_reader(example):
    name, path = example
    table = open_text_table(path)
    assert format_of(table) == name
    recognizing = [
        other for other in TABLE_FORMATS
        if pkgutil.resolve_name(TABLE_FORMATS[other]).recognizes(table)
    ]  # fmt: skip
    assert recognizing == [name]


def test_every_format_can_be_a_source(example):
    name, path = example
    assert segments(path) == ANNOTATED
    clips = read_source(path)
    assert clips.problems == []
    assert clips.notes[0] == f"{path.name}: {name}"
    assert clips.fingerprint() == read_source(path).fingerprint()


def test_annotations_in_a_folder_of_sounds_are_read(example):
    name, path = example
    assert segments(path.parent) == [*ANNOTATED, ("dusk.wav", "", None, None)]
    notes = read_source(path.parent).notes
    assert f"labels from 1 table: {name}" in notes
    assert "unlabeled: 1 sound without annotations" in notes


def test_a_table_without_rows_is_refused(tmp_path):
    for name in ("Raven selection table", "BirdNET results"):
        file, text = EXAMPLES[name]
        (tmp_path / file).write_text(text.partition("\n")[0] + "\n")
        (tmp_path / "dawn.wav").touch()
        with pytest.raises(SourceError, match=f"{name} without a row: there is no clip in it"):
            read_source(tmp_path / file)
        assert segments(tmp_path) == [("dawn.wav", "", None, None)]
        (tmp_path / file).unlink()


def test_every_format_names_a_missing_sound(example):
    _, path = example
    (path.parent / "dawn.wav").unlink()
    with pytest.raises(SourceError, match="no sound whose name begins like dawn") as error:
        read_source(path)
    assert str(path) in str(error.value)
    assert str(error.value).isprintable()


def test_every_format_may_have_semicolons_or_other_encodings(example):
    name, path = example
    text = path.read_text().replace("owl", "Käuzchen")
    for encoding in ("utf-16", "cp1252"):
        path.write_bytes(text.encode(encoding))
        assert {c.label for c in read_source(path)} == {"Käuzchen", "Käuzchen;frog"}
    if name != "BirdNET results":
        path.write_text(text.replace(".", ","))
        assert [c.start_s for c in read_source(path)] == [0.5, 2.0]


def test_annotations_in_another_folder_match_sounds_by_name(tmp_path):
    for file in ("sounds/one/dawn.wav", "sounds/two/dusk.wav", "labels/dawn.txt"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    (tmp_path / "labels" / "dawn.txt").write_text("0\t1\towl\n")
    assert segments(tmp_path) == [("dawn.wav", "owl", 0.0, 1.0), ("dusk.wav", "", None, None)]


def test_a_table_is_matched_to_its_sound():
    sounds = Sounds(map(Path, ["x/a.b.wav", "x/a.wav", "y/a.wav", "x/c.flac"]))
    assert sounds.find(Path("x/a.b.Table.1.txt"), "") == Path("x/a.b.wav")
    assert sounds.find(Path("x/a.Table.1.txt"), "") == Path("x/a.wav")
    assert sounds.find(Path("z/a.Table.1.txt"), "") is None, "there are two"
    assert sounds.find(Path("z/t.txt"), "C:\\data\\c.flac") == Path("x/c.flac")
    assert sounds.find(Path("z/t.txt"), "/data/d.flac") is None
    assert sounds.find(Path("z/c.wav.txt"), "") == Path("x/c.flac")


BIRDNET = "Start (s),End (s),Scientific name,Common name,Confidence,File\n"


@pytest.mark.parametrize("place", ["", "a", "c"], ids=["above", "beside one", "elsewhere"])
@pytest.mark.parametrize("of_folder", [True, False], ids=["folder", "table"])
def test_sounds_of_one_name_are_told_apart_by_their_folders(tmp_path, place, of_folder):
    for folder in "abc":
        (tmp_path / folder).mkdir()
    for folder in "ab":
        (tmp_path / folder / "1.wav").touch()
    table = tmp_path / place / "results.csv"
    rows = [f"0,1,x,{label},1,{tmp_path}/{folder}/1.wav\n" for folder, label in ("ax", "by")]
    table.write_text("".join([BIRDNET, *rows]))
    clips = read_source(tmp_path if of_folder else table)
    assert not clips.problems
    labels = {Path(clip.path).parent.name: clip.label for clip in clips}
    assert labels == {"a": "x", "b": "y"}


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (["a/1.wav"], {"a/1.wav": "x"}),
        (["a/1.wav", "b/1.wav"], {"a/1.wav": "x", "b/1.wav": "y"}),
        (["1.wav"], {}),
        (["c/1.wav"], {}),
    ],
)
def test_paths_of_another_computer_are_compared_by_their_last_folders(tmp_path, there, expected):
    """Two sounds are never taken for one."""
    for name in there:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    rows = [f"0,1,x,{label},1,D:\\song\\{folder}\\1.wav\n" for folder, label in ("ax", "by")]
    (tmp_path / "results.csv").write_text("".join([BIRDNET, *rows]))
    clips = read_source(tmp_path)
    labels = {str(Path(c.path).relative_to(tmp_path)): c.label for c in clips if c.start_s == 0}
    assert labels == expected
    if expected:
        assert len(clips.problems) == 2 - len(expected)
    else:
        assert any("not used" in note for note in clips.notes)


def test_tables_of_other_formats_are_refused(tmp_path):
    (tmp_path / "t.csv").write_text("path,label\na.wav,x\n")
    with pytest.raises(SourceError, match="not in a format of Raven"):
        read_annotations(open_text_table(tmp_path / "t.csv"))
