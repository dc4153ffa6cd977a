"""Splits, folds and labels, by the names of folders."""

from pathlib import Path

import pytest

from soundalike.datasets.clips import SourceError
from soundalike.datasets.folder_names import rows_of_sounds


def meaning(*names):
    """Return label, split and fold of each sound, and the notes."""
    rows, notes = rows_of_sounds(Path("r"), [Path("r", name) for name in names])
    return [tuple(row) for row in rows[["label", "split", "fold"]].to_numpy()], notes


@pytest.mark.parametrize(
    ("folders", "splits"),
    [
        (["train", "val", "test"], ["train", "validation", "test"]),
        (["Train", "Test"], ["train", "test"]),
        (["train", "valid"], ["train", "validation"]),
        (["training", "testing"], ["train", "test"]),
        (["dev", "eval"], ["train", "test"]),
        (["TRAIN", "Dev", "Eval"], ["train", "validation", "test"]),
        (["train"], ["train"]),
    ],
)
def test_folders_named_after_splits_in_any_case_are_splits_and_reported(folders, splits):
    rows, notes = meaning(*(f"{folder}/dog/a.wav" for folder in folders))
    assert rows == [("dog", split, "") for split in splits]
    assert notes[0].startswith("splits from folders ")
    assert all(folder in notes[0] for folder in folders)


def test_train_among_other_classes_is_a_class():
    rows, notes = meaning("train/a.wav", "airplane/b.wav", "c.wav")
    assert rows == [("train", "", ""), ("airplane", "", ""), ("", "", "")]
    assert notes == ["the folder 'train' is a class, since no other is a split"]


def test_folders_named_after_folds_are_folds():
    rows, notes = meaning("fold1/a.wav", "fold10/dog/b.wav")
    assert rows == [("", "", "1"), ("dog", "", "10")]
    assert notes == ["folds from folders fold1, fold10"]
    assert meaning("fold1/a.wav", "dog/b.wav")[0] == [("fold1", "", ""), ("dog", "", "")]


def test_folders_that_begin_like_folds_are_labels():
    labels = ["folder1", "Folder_2", "folding"]
    rows, notes = meaning(*(f"{label}/a.wav" for label in labels))
    assert rows == [(label, "", "") for label in labels]
    assert notes == []
    names = ["fold_a", "Fold-b", "FOLD 3", "fold04"]
    assert meaning(*(f"{name}/a.wav" for name in names))[0] == [
        ("", "", fold) for fold in ("a", "b", "3", "04")
    ]


def test_a_folder_name_with_two_classes_is_reported():
    rows, notes = meaning("rain; wind/a.wav", "dog/b.wav")
    assert [label for label, _, _ in rows] == ["rain; wind", "dog"]
    assert notes == ["the folder 'rain; wind' names 2 classes"]


def test_splits_within_every_class():
    rows, notes = meaning("dog/train/a.wav", "dog/Test/b.wav", "cat/train/x/c.wav")
    assert rows == [("dog", "train", ""), ("dog", "test", ""), ("cat", "train", "")]
    assert notes == [
        "splits from folders train, Test",
        "label from the first of 2 levels of folders (see --label_depth)",
    ]
    rows, _ = meaning("dog/train/a.wav", "dog/test/b.wav", "cat/c.wav")
    assert rows == [("dog", "", ""), ("dog", "", ""), ("cat", "", "")], "one sound has no split"


DEEP = ["loose.wav", "animals/a.wav", "animals/birds/b.wav", "animals/birds/owls/c.wav"]


@pytest.mark.parametrize(
    ("label_depth", "labels", "note"),
    [
        (None, ["", "animals", "animals", "animals"], "the first of 3 levels"),
        (1, ["", "animals", "animals", "animals"], "level 1"),
        (2, ["", "", "birds", "birds"], "level 2"),
        (3, ["", "", "", "owls"], "level 3"),
        ("deepest", ["", "animals", "birds", "owls"], "the deepest folder"),
    ],
)
def test_the_level_of_the_label_can_be_chosen(label_depth, labels, note):
    paths = [Path("r", name) for name in DEEP]
    rows, notes = rows_of_sounds(Path("r"), paths, label_depth)
    assert rows["label"].tolist() == labels
    assert len(notes) == 1
    assert f"label from {note}" in notes[0]


def test_the_level_of_splits_does_not_count():
    paths = [Path("r", split, name) for split in ("train", "test") for name in DEEP[1:]]
    rows, _ = rows_of_sounds(Path("r"), paths, 2)
    assert rows["label"].tolist() == ["", "birds", "birds"] * 2
    assert rows["split"].tolist() == ["train"] * 3 + ["test"] * 3


def test_a_level_that_does_not_exist_is_refused():
    with pytest.raises(SourceError, match="no sound lies 4 folders deep, only 3"):
        rows_of_sounds(Path("r"), [Path("r", name) for name in DEEP], 4)
