"""Suggestions for a name that does not exist."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.runtime.suggestions import did_you_mean, edit_distance, nearest_name

KNOWN = ["alpha", "temperature", "resnet18", "post_norm", "laptop", "patch_frames"]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("temprature", "temperature"),
        ("resnet81", "resnet18"),
        ("resnet", "resnet18"),
        ("alfa", "alpha"),
        ("zzz", None),
        ("max_minutes", None),
        ("0,3", None),
        ("", None),
    ],
)
def test_only_a_similar_name_is_suggested(name, nearest):
    assert nearest_name(name, iter(KNOWN)) == nearest
    assert did_you_mean(name, KNOWN) == (f"did you mean '{nearest}'?" if nearest else "")


def test_a_stricter_limit():
    assert nearest_name("alfa", KNOWN, most_changed=0.25) is None
    assert nearest_name("alhpa", KNOWN, most_changed=0.25) == "alpha"


def test_without_known_names_there_is_no_suggestion():
    assert nearest_name("x", []) is None
    assert did_you_mean("x", []) == ""


words = st.text("abc", max_size=6)


def one_edit(word: str) -> set[str]:
    """Every word that is one edit away, by the definition."""
    near = set()
    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        near |= {head + tail[1:], head + tail[1::-1] + tail[2:]}
        near |= {head + letter + rest for letter in "abc" for rest in (tail, tail[1:])}
    return near - {word}


@given(words, words)
def test_a_distance_is_symmetric_and_one_for_every_single_edit(a, b):
    distance = edit_distance(a, b)
    assert distance == edit_distance(b, a)
    assert (distance == 0) == (a == b)
    assert (distance == 1) == (b in one_edit(a))
    assert abs(len(a) - len(b)) <= distance <= max(len(a), len(b))
