"""The usual names of columns, however they are written."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.datasets.columns import USUAL_NAMES, name_columns, our_name

pairs = [(ours, usual) for ours, names in USUAL_NAMES.items() for usual in names]


@given(st.sampled_from(pairs), st.sampled_from([str, str.upper, str.title]), st.sampled_from("_ -"))
def test_usual_names_match_in_any_case_and_spacing(pair, case, space):
    ours, usual = pair
    assert our_name(f" {case(usual).replace(' ', space)} ") == ours


def test_no_usual_name_is_ambiguous():
    names = [usual for _, usual in pairs]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("columns", "chosen"),
    [
        (["label", "Label", "path"], {"label": "label", "path": "path"}),
        (["tags", "category"], {"label": "category"}),
        (["onset", "offset"], {"start_s": "onset", "end_s": "offset"}),
        (["offset", "duration"], {"start_s": "offset", "duration_s": "duration"}),
        (["offset"], {"end_s": "offset"}),
        (["犬", "", "x"], {}),
    ],
)
def test_the_first_usual_name_is_chosen(columns, chosen):
    rows = pd.DataFrame([[*columns]], columns=columns)
    named, _ = name_columns(rows)
    assert named.iloc[0].to_dict() == chosen if chosen else named.empty


def test_our_own_names_are_not_reported():
    rows = pd.DataFrame(columns=["path", "label", "split", "fold", "start_s", "end_s"])
    assert name_columns(rows)[1] == []
