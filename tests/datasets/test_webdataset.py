"""Tars of the WebDataset convention as a SOURCE."""

import os
from glob import glob
from pathlib import Path

import pandas as pd
import pytest
import tars

from soundalike.cli import DONE, WRONG_USE
from soundalike.cli.main import main
from soundalike.datasets import webdataset
from soundalike.datasets.clips import SourceError
from soundalike.datasets.source import is_one_sound, read_source
from soundalike.datasets.webdataset import tars_of


@pytest.fixture
def unpacking(capfd, every_update_is_shown, monkeypatch):
    """Return a function that reads a source, and returns of every line how much it said is read."""
    monkeypatch.setattr(webdataset, "DELAY_S", 0.0)

    def read(source):
        capfd.readouterr()
        read_source(source)
        lines = capfd.readouterr().err.splitlines()
        return [line.split()[1] for line in lines if line.startswith("unpack: ")]

    return read


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The working folder, with four tars of two labeled sounds each."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for number, name in enumerate(["a-train-0", "a-train-1", "a-val-0", "b/c"]):
        files = [
            ("000.wav", tars.sound(number)), ("000.cls", b"dog"),
            ("001.flac", tars.sound(number + 10, format="FLAC")), ("001.json", b'{"label": "cat"}'),
        ]  # fmt: skip
        tars.write_tar(tmp_path / "shards" / f"{name}.tar", files)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed(source):
    """Return the clips of a source: path in its root, label, split."""
    clips = read_source(source)
    assert all(Path(path).is_file() for path in clips.rows["path"])
    paths = clips.relative_paths()
    return [(path, clip.label, clip.split) for path, clip in zip(paths, clips, strict=True)]


def test_progress_moves_within_a_tar(unpacking, place):
    files = [(f"{n:03d}.wav", tars.sound(n, seconds=1.0)) for n in range(100)]
    tar = tars.write_tar(place / "one.tar", files)
    size = f"{tar.stat().st_size / 1e6:.2f}M"
    lines = unpacking("one.tar")
    assert len(set(lines)) > 50, "it counts what is read, not files"
    assert lines[-1] == f"{size}/{size}"
    assert unpacking("one.tar") == [f"{size}/{size}"], "it is unpacked"


def test_progress_counts_all_tars(unpacking, place):
    os.truncate("shards/a-train-1.tar", 3000)
    sizes = [path.stat().st_size for path in map(Path, glob("shards/a-*.tar"))]
    (total,) = {line.split("/")[1] for line in unpacking("shards/a-*.tar")}
    assert total == f"{sum(sizes) / 1e3:.1f}k"
    assert unpacking("shards/a-*.tar")[-1] == f"{total}/{total}"


def test_nothing_is_shown_of_tars_that_are_soon_unpacked(place, every_update_is_shown, capfd):
    read_source("shards")
    assert capfd.readouterr().err == ""


OF_TRAIN = [
    ("a-train-0.tar/000.wav", "dog", ""), ("a-train-0.tar/001.flac", "cat", ""),
    ("a-train-1.tar/000.wav", "dog", ""), ("a-train-1.tar/001.flac", "cat", ""),
]  # fmt: skip
OF_VAL = [("a-val-0.tar/000.wav", "dog", ""), ("a-val-0.tar/001.flac", "cat", "")]
OF_C = [("b/c.tar/000.wav", "dog", ""), ("b/c.tar/001.flac", "cat", "")]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("shards/a-train-0.tar", OF_TRAIN[:2]),
        ("shards/a-train-{0..1}.tar", OF_TRAIN),
        ("shards/a-train-{1,0}.tar", OF_TRAIN[2:] + OF_TRAIN[:2]),
        ("shards/a-train-*.tar", OF_TRAIN),
        ("shards/a-[tx]*-{0..1}.tar", OF_TRAIN),
        ("shards", [*OF_TRAIN, *OF_VAL, *OF_C]),
        ("shards/**/*.tar", [*OF_TRAIN, *OF_VAL, *OF_C]),
    ],
)
def test_tars_are_listed_with_the_labels_of_their_samples(place, source, expected):
    assert listed(source) == expected
    assert listed(str(place / source)) == expected
    assert not is_one_sound(source)


def test_names_of_tars_are_splits_if_they_name_several(place):
    expected = [(*clip[:2], "train") for clip in OF_TRAIN]
    expected += [(*clip[:2], "validation") for clip in OF_VAL]
    assert listed("shards/a-*.tar") == expected
    assert "splits from names of tars, such as a-train-0.tar" in read_source("shards/a-*.tar").notes


def test_splits_of_samples_come_before_names_of_tars(place):
    files = [("0.wav", tars.sound()), ("0.json", b'{"split": "test", "category": "a", "fold": 2}')]
    tars.write_tar(place / "shards" / "a-train-2.tar", files)
    clips = read_source("shards/a-*.tar")
    assert clips.rows["split"].tolist() == ["", "", "", "", "test", "", ""]
    assert clips.rows["fold"].tolist() == ["", "", "", "", "2", "", ""]


def test_the_paths_stay_the_same_when_tars_are_added(place):
    before = listed("shards/a-train-*.tar")
    tars.write_tar(place / "shards" / "a-train-2.tar", [("0.wav", tars.sound())])
    assert listed("shards/a-train-*.tar")[:4] == before


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("/x/{08..11}.tar", ["08", "09", "10", "11"]),
        ("/x/{8..11}.tar", ["8", "9", "10", "11"]),
        ("/x/{2..0}.tar", ["2", "1", "0"]),
        ("/x/{9..011}.tar", ["009", "010", "011"]),
        ("/x/{0..10}.tar", [*map(str, range(11))]),
        ("/x/{a,b}{1,2}.tar", ["a1", "a2", "b1", "b2"]),
        ("/x/{a}.tar", ["a"]),
        ("/x/{}.tar", ["{}"]),
    ],
)
def test_braces_stand_for_what_a_shell_makes_of_them(pattern, names):
    assert tars_of(pattern) == [Path(f"/x/{name}.tar") for name in names]


def test_bad_tars_are_problems_and_the_others_are_read(place):
    whole = (place / "shards" / "a-train-0.tar").read_bytes()
    (place / "shards" / "a-train-1.tar").write_bytes(whole[:600])
    (place / "shards" / "a-val-0.tar").write_bytes(b"no tar")
    clips = read_source("shards/a-*.tar")
    assert [clip.path.rpartition("/")[2] for clip in clips] == ["000.wav", "001.flac"]
    messages = [problem.message for problem in clips.problems]
    assert len(messages) == 2
    assert messages[0].startswith(f"{place}/shards/a-train-1.tar: damaged after 0 files")
    assert messages[1].startswith(f"{place}/shards/a-val-0.tar: damaged after 0 files")
    clips = read_source("shards/a-train-{0,7}.tar")
    assert len(clips) == 2
    assert clips.problems[0].message == f"{place}/shards/a-train-7.tar: no such file."


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("bad.tar", "bad.tar: no sounds in 1 tar. {place}/bad.tar: damaged after 0 files"),
        ("pictures.tar", "pictures.tar: no sounds in 1 tar."),
        ("gone.tar", "gone.tar: no such file or folder"),
        ("gone-{0..3}.tar", "gone-{0..3}.tar: no sounds in 4 tars. {place}/gone-0.tar: no such"),
        ("gone-*.tar", "{place}/gone-*.tar: matches no tars."),
        ("{0..999999999}.tar", "{place}/{0..999999999}.tar: names more than 100,000 tars."),
        ("a.tar.gz", "a.tar.gz: compressed: unpack it, and name the folder or the .tar in it."),
        ("split.tar", "split.tar, row 1: split 'middle' is not one of train, validation, test."),
    ],
)
def test_what_holds_no_sounds_is_refused_in_a_line(place, source, reason, capsys):
    (place / "bad.tar").write_bytes(b"no tar")
    (place / "a.tar.gz").write_bytes(b"\x1f\x8b")
    tars.write_tar(place / "pictures.tar", [("0.png", b"x"), ("0.cls", b"x")])
    sample = [("0.wav", tars.sound()), ("0.json", b'{"split": "middle"}')]
    tars.write_tar(place / "split.tar", sample)
    assert main(["scan", source]) == WRONG_USE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("soundalike: " + reason.replace("{place}", str(place)))


def test_tars_beside_sounds_are_left_alone(place):
    (place / "shards" / "a.wav").write_bytes(tars.sound())
    clips = read_source("shards")
    assert [clip.path for clip in clips] == [str(place / "shards" / "a.wav")]
    assert clips.notes == ["4 tars beside the sounds: name them to read them"]


def test_the_level_of_folders_is_refused(place):
    for source in ("shards/a-train-0.tar", "shards/a-*.tar"):
        with pytest.raises(SourceError, match="--label_depth is for folders of sounds"):
            read_source(source, 1)


def test_long_texts_are_no_labels(place):
    files = [("0.wav", tars.sound()), ("0.txt", b"A dog barks. " * 30)]
    tars.write_tar(place / "c.tar", files)
    assert listed("c.tar") == [("c.tar/0.wav", "", "")]
    assert "1 text too long for a label: not used" in read_source("c.tar").notes


def test_every_command_takes_tars(place, run, capsys):
    source, model = "shards/*.tar", str(run.path)
    for words in (
        ["scan", source, "--workers", "1"],
        ["embed", model, source, "--out", "rows.parquet"],
        ["embed", model, source, "--out", "archive"],
        ["prepare", source, "--out", "store", "--workers", "1"],
    ):
        assert main(words) == DONE, capsys.readouterr().err
    rows = pd.read_parquet("rows.parquet")
    assert rows["path"].unique().tolist() == [path for path, _, _ in [*OF_TRAIN, *OF_VAL]]
    capsys.readouterr()
    assert main(["embed", model, source, "--out", "archive"]) == DONE
    assert capsys.readouterr().out.startswith("nothing new")
