"""A metadata.csv in the folder, and other tables there."""

import sys
from pathlib import Path

import pandas as pd
import pytest

from soundalike.datasets.folder import read_folder


@pytest.fixture
def place(tmp_path):
    for name in ("a.wav", "b.wav", "train/c.wav", "test/d.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def listed(root):
    return [
        (Path(c.path).relative_to(root).as_posix(), c.label, c.split, c.start_s)
        for c in read_folder(root)
    ]


def test_hugging_face_metadata_is_used_and_reported(place):
    (place / "metadata.csv").write_text("file_name,label\na.wav,dog\n./train/c.wav,cat\n")
    assert listed(place) == [
        ("a.wav", "dog", "", None), ("b.wav", "", "", None), ("test/d.wav", "", "test", None),
        ("train/c.wav", "cat", "train", None),
    ]  # fmt: skip
    notes = read_folder(place).notes
    assert "clips from metadata.csv" in notes
    assert "path from column 'file_name'" in notes
    assert "unlabeled: 2 sounds without annotations" in notes


def test_metadata_in_each_split(place):
    for split, name in (("train", "c.wav"), ("test", "d.wav")):
        (place / split / "metadata.jsonl").write_text(f'{{"file_name": "{name}", "label": "x"}}\n')
    assert listed(place)[2:] == [("test/d.wav", "x", "test", None),
                                 ("train/c.wav", "x", "train", None)]  # fmt: skip


def test_segments_in_metadata(place):
    pd.DataFrame(
        {"file_name": ["a.wav", "a.wav"], "start_s": [0, 1], "label": ["x", "y"]}
    ).to_parquet(place / "metadata.parquet")
    assert listed(place)[:3] == [
        ("a.wav", "x", "", 0.0), ("a.wav", "y", "", 1.0), ("b.wav", "", "", None)
    ]  # fmt: skip


def test_metadata_without_labels_keeps_the_labels_of_folders(tmp_path):
    for name in ("dog/a.wav", "cat/b.wav"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    (tmp_path / "metadata.csv").write_text("file_name,split\ndog/a.wav,test\n")
    assert listed(tmp_path) == [("cat/b.wav", "cat", "", None), ("dog/a.wav", "dog", "test", None)]


def test_which_labels_are_verified_is_kept(place):
    (place / "metadata.csv").write_text("file_name,label,verified\nb.wav,dog,1\na.wav,cat,0\n")
    assert read_folder(place).labels().is_verified.tolist() == [False, True, False, False]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_broken_links_are_no_tables(place):
    before = listed(place)
    for name in ("a.txt", "b.csv", "metadata.csv", "more.jsonl"):
        (place / name).symlink_to(place / "gone")
    assert listed(place) == before
    assert any("metadata.csv: cannot be read" in note for note in read_folder(place).notes)


def test_unusable_metadata_is_reported(place):
    (place / "metadata.csv").write_text("author,title\nme,x\n")
    clips = read_folder(place)
    assert len(clips) == 4
    assert any("not used:" in note and "no column 'path'" in note for note in clips.notes)


def test_other_tables_are_reported(place):
    (place / "labels.csv").write_text("path,label\na.wav,dog\n")
    (place / "README.txt").write_text("Some sounds.\n")
    (place / "test" / "x.csv").write_text("a,b\n1,2\n")
    notes = read_folder(place).notes
    assert "labels.csv is not used: name it as SOURCE to use it" in notes
    assert len(notes) == 2
