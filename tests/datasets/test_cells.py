"""Values as people write them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.datasets.cells import MISSING, as_labels, as_seconds, as_splits, as_text
from soundalike.datasets.clips import SourceError


@given(st.lists(st.floats(0, 1e6), max_size=8), st.booleans())
def test_times_with_points_or_commas_are_read(times, decimal_comma):
    written = [f"{time!r}".replace(".", "," if decimal_comma else ".") for time in times]
    seconds = as_seconds(Path("t"), pd.Series(written, dtype=object, name="start_s"), decimal_comma)
    assert seconds.tolist() == times


@pytest.mark.parametrize("text", ["1,000,5", "1.000,5", "a", "1 2"])
def test_an_ambiguous_time_is_refused(text):
    with pytest.raises(SourceError, match=f"t, row 1: end_s is '{text}': give seconds"):
        as_seconds(Path("t"), pd.Series([text], name="end_s"), decimal_comma=True)


def test_missing_values_of_any_kind_are_blank():
    column = pd.Series(["", None, np.nan, pd.NA, " x "], dtype=object)
    assert as_text(column).tolist() == ["", "", "", "", "x"]
    assert as_seconds(Path("t"), pd.Series([None, "NA", ""])).isna().all()
    splits, _ = as_splits(Path("t"), pd.Series(["NA", None, "train"]))
    assert splits.tolist() == ["", "", "train"]


def test_whole_numbers_beside_missing_values_have_no_decimals():
    """In which pandas makes floats of them."""
    assert as_text(pd.Series([3, None, 10**15])).tolist() == ["3", "", "1000000000000000"]
    assert as_text(pd.Series([3.0, np.nan, 0.5])).tolist() == ["3.0", "", "0.5"]
    assert as_text(pd.Series([np.nan, np.nan])).tolist() == ["", ""]
    assert as_seconds(Path("t"), pd.Series([3.0, np.nan, 1e300])).tolist()[::2] == [3, 1e300]


def test_missing_values_in_lists_are_no_classes():
    lists = [["dog", None], [np.nan], [], np.array(["a", None], object), ["x", ["y"], 0], None]
    assert as_text(pd.Series(lists)).tolist() == ["dog", "", "", "a", "x;['y'];0", ""]
    assert as_labels(pd.Series(["['dog', None]", "[None]"]))[0].tolist() == ["dog", ""]


def test_words_for_missing_labels_are_counted():
    labels, notes = as_labels(pd.Series([*sorted(MISSING), "dog", "na"]))
    assert labels[labels != ""].tolist() == ["dog", "na"]
    assert notes[0].startswith(f"unlabeled: {len(MISSING)} clips labeled '#N/A', ")


@pytest.mark.parametrize("label", ["[dog", "[]x", "[1", "[dog]", "['a',"])
def test_brackets_that_are_not_a_list_belong_to_the_label(label):
    assert as_labels(pd.Series([label]))[0].tolist() == [label]
