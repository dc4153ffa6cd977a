"""What a label may be called."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.datasets.cells import as_labels
from soundalike.datasets.labels import classes_of
from soundalike.labeling.label_name import LabelError, label_name


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"), (" \n", "is empty"), ("a;b", "semicolon"), ("a\0b", "printed"),
        ("\ud800", "printed"), ("x" * 201, "201 characters"), ("NaN", "another name"),
        ("['a']", "another name"),
    ],
    ids=["empty", "spaces", "semicolon", "null", "half", "long", "missing", "list"],
)  # fmt: skip
def test_names_that_a_table_cannot_hold_are_refused(text, problem):
    with pytest.raises(LabelError, match=problem) as error:
        label_name(text)
    assert "\n" not in str(error.value)


def test_a_name_that_is_written_in_two_ways_is_one():
    assert label_name("Ba\u0308r\n call ") == label_name("B\u00e4r  call") == "B\u00e4r call"


@given(st.text())
def test_a_manifest_reads_the_name_back(text):
    try:
        name = label_name(text)
    except LabelError:
        return
    assert label_name(name) == name
    labels, _ = as_labels(pd.Series([name]))
    assert classes_of(labels[0]) == [name]
