"""Names of splits in any case; other names are ignored."""

import pytest

from soundalike.datasets.split_names import splits_of


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (["train", "val", "test"], ["train", "validation", "test"]),
        (["Train", "Test"], ["train", "test"]),
        (["TRAINING", "valid", "Testing"], ["train", "validation", "test"]),
        (["train", "dev", "eval"], ["train", "validation", "test"]),
        (["dev", "eval"], ["train", "test"]),
        (["Development", " evaluation "], ["train", "test"]),
        (["dev", "val", "test"], ["validation", "validation", "test"]),
        (["dev"], ["validation"]),
        (["trains", "tests", ""], []),
    ],
)
def test_usual_names(names, splits):
    assert list(splits_of(names).values()) == splits
