"""Conditions on rows, as LanceDB understands them."""

import pytest
from archives import DIM, add_clips

from soundalike.archive.head import Head
from soundalike.archive.window_archive import WindowArchive
from soundalike.search.selection import Selection


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    archive = WindowArchive.create(tmp_path_factory.mktemp("some") / "archive", Head(DIM, "m"))
    add_clips(archive, ["it's/50%/a.wav"], n_windows=1, label="dog;rain", split="train")
    add_clips(archive, ["it's/50%/b/c.wav"], n_windows=2, label="dogs")
    add_clips(archive, ["it's/50/d.wav"], n_windows=3, label="it's; 100%")
    return archive


@pytest.mark.parametrize(
    ("selection", "n_rows"),
    [
        (Selection(), 6),
        (Selection(labels=("dog",)), 1),
        (Selection(labels=("rain", "dogs")), 3),
        (Selection(labels=("it's",)), 3),
        (Selection(labels=("%",)), 0),
        (Selection(splits=("train",)), 1),
        (Selection(splits=("", "train")), 6),
        (Selection(folder="it's/50%"), 3),
        (Selection(folder="it's/50%/b/"), 2),
        (Selection(folder="it's/5"), 0),
        (Selection(shortest_s=2), 5),
        (Selection(longest_s=2), 3),
        (Selection(shortest_s=2, longest_s=2, folder="it's", labels=("dogs",)), 2),
    ],
)
def test_rows_meet_all_conditions(selection, n_rows, archive):
    assert archive.count(selection.where()) == n_rows
