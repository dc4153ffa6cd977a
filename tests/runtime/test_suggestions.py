"""Suggestions for a name that does not exist."""

import pytest

from soundalike.runtime.suggestions import did_you_mean, nearest_name

KNOWN = ["alpha", "temperature", "resnet18"]


@pytest.mark.parametrize(
    ("name", "nearest"), [("temprature", "temperature"), ("resnet81", "resnet18"), ("zzz", None)]
)
def test_only_a_similar_name_is_suggested(name, nearest):
    assert nearest_name(name, iter(KNOWN)) == nearest
    assert did_you_mean(name, KNOWN) == (f"did you mean '{nearest}'?" if nearest else "")


def test_the_most_similar_of_different_names_on_request():
    assert did_you_mean("zzz", KNOWN, always=True).startswith("did you mean '")
    assert nearest_name("tempura", KNOWN, always=True) == "temperature"


def test_without_known_names_there_is_no_suggestion():
    assert nearest_name("x", [], always=True) is None
    assert did_you_mean("x", []) == ""
