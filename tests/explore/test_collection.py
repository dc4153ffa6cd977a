"""The rows of an archive for the page."""

import numpy as np
import pandas as pd
import pytest

from soundalike.explore import collection as module
from soundalike.explore.collection import Collection, categories
from soundalike.explore.sounds import NoSuchRowError


@pytest.fixture(scope="module")
def collection(explored):
    return Collection(explored)


def test_the_most_frequent_names_come_first():
    result = categories(pd.Series(["b", "c", "a", "c"]))
    assert result.names == ["c", "a", "b"]
    assert result.codes.tolist() == [2, 0, 1, 0]
    nothing = categories(pd.Series([], dtype=object))
    assert (nothing.names, len(nothing.codes)) == ([], 0)


def test_rare_names_share_a_number(monkeypatch):
    monkeypatch.setattr(module, "MOST_CATEGORIES", 1)
    result = categories(pd.Series(["a", "a", "b", "c"]))
    assert result.names == ["a", "b"]
    assert result.codes.tolist() == [0, 0, 1, 1]


def test_rows_are_found_by_id(collection, explored_root):
    assert collection.position(5) == 5
    assert collection.file_of(5) == str(explored_root / "frogs/tree.wav")
    for id in (-1, 47, 10**30):
        with pytest.raises(NoSuchRowError, match="reload the page"):
            collection.row(id)


def test_loudness_ends_at_sixty_decibels(collection, monkeypatch):
    monkeypatch.setattr(collection, "rows", pd.DataFrame({"peak_db": [-90.0, -30.0, 3.0]}))
    np.testing.assert_array_equal(collection.loudness, [0, 0.5, 1])


def test_a_filter_ignores_case_and_takes_no_patterns(collection):
    assert collection.matching(" FROGS/ ").tolist() == list(range(5, 45))
    assert collection.matching(".*").tolist() == []
    assert len(collection.matching("")) == len(collection)
