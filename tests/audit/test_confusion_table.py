"""The table of which classes are labeled as which others."""

import pandas as pd

from soundalike.audit.confusion_table import confusion_table


def table(*rows):
    """Return a table of rows (label, suggested, p_wrong, decision, new_label), cut at the end."""
    names = ["label", "suggested", "p_wrong", "decision", "new_label"]
    blank = ["", "", 0.0, "", ""]
    return pd.DataFrame([[*row, *blank[len(row) :]] for row in rows], columns=names)


def test_confusions_are_counted_and_said_the_most_frequent_first():
    rows = [("sea", "rain", 0.9)] * 3 + [("rain", "sea", 0.6)] + [("rain", "sea", 0.4)] * 2
    rows += [("wind", "wind", 0.1)] * 4
    result = confusion_table(table(*rows))
    assert sorted(result.classes) == ["rain", "sea"], "wind is confused with nothing"
    assert result.sentences == ["rain is called sea in 3 of 5", "sea is called rain in 1 of 1"]
    counts = pd.DataFrame(result.counts, result.classes, result.classes)
    assert counts.loc["rain", ["rain", "sea"]].tolist() == [2, 3]
    assert counts.loc["sea", ["rain", "sea"]].tolist() == [1, 0]


def test_decisions_count_more_than_suggestions():
    result = confusion_table(
        table(
            ("sea", "rain", 0.9, "keep"), ("sea", "rain", 0.9, "drop"),
            ("sea", "rain", 0.1, "relabel", "hail"), ("sea", "hail", 0.1, "relabel"),
            ("rain", "", 0.9),
        )
    )  # fmt: skip
    assert result.sentences == [
        "hail is called sea in 2 of 2", "rain is wrong in 1 of 1, with no other class in its place",
    ]  # fmt: skip


def test_a_label_may_be_missing_or_too_many():
    result = confusion_table(
        table(("rain;wind", "rain", 0.9), ("rain", "rain;hail", 0.9), ("rain", "rain", 0.1))
    )
    assert sorted(result.sentences) == [
        "hail is missing in 1 of 1", "wind is wrong in 1 of 1, with no other class in its place",
    ]  # fmt: skip


def test_those_that_are_confused_stand_together():
    pairs = [("a", "d"), ("b", "e"), ("c", "f")]
    rows = [pair for pair in pairs for _ in range(3)] + [("a", "e")]
    result = confusion_table(table(*[(*pair, 0.9) for pair in rows]))
    for pair in pairs:
        assert abs(result.classes.index(pair[0]) - result.classes.index(pair[1])) == 1


def test_without_confusions_there_is_nothing_to_show():
    assert confusion_table(table(("a", "a", 0.1))).sentences == []
    assert confusion_table(table()).classes == []
