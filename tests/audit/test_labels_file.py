"""Decisions survive being written, read, edited in a spreadsheet, and an audit that follows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies

from soundalike.audit.labels_file import (
    decided_labels,
    keys,
    read_labels,
    with_decisions,
    write_labels,
)
from soundalike.audit.labels_text import COLUMNS, DECISIONS, UNDECIDED, TableError


def table(**columns):
    """Return a table of three labels, with some columns replaced."""
    rows = {
        "path": ["/a.wav", "/b.wav", "/b.wav"],
        "start_s": [np.nan, 0.0, 1.5],
        "end_s": [np.nan, 1.5, 3.25],
        "label": ["dog", "rain", "dog;rain"],
        "suggested": ["rain", "", "dog"],
        "p_wrong": [0.1, 0.9, 0.5],
        "decision": ["", "drop", "relabel"],
        "new_label": ["", "", "sea"],
    }
    return pd.DataFrame(rows | columns)


def test_the_most_suspicious_label_comes_first(tmp_path):
    file = tmp_path / "labels.csv"
    write_labels(file, table())
    lines = file.read_text().splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert lines[1] == "/b.wav,0.0,1.5,rain,,0.9,drop,"
    assert lines[3] == "/a.wav,,,dog,rain,0.1,,"


def test_what_is_written_is_read(tmp_path):
    file = tmp_path / "labels.csv"
    write_labels(file, table())
    again = read_labels(file)
    expected = table().sort_values("p_wrong", ascending=False, ignore_index=True)
    pd.testing.assert_frame_equal(again, expected, check_dtype=False)


def test_a_spreadsheet_may_have_edited_it(tmp_path):
    file = tmp_path / "labels.csv"
    rows = table(decision=["Keep ", "DROP", " relabel"], note=["x", "", ""])
    rows.to_csv(file, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    assert read_labels(file)["decision"].tolist() == ["keep", "drop", "relabel"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"decision": ["", "yes", ""]}, "row 3: decision 'yes' is none of keep, relabel, drop"),
        ({"decision": ["", "relabel", ""]}, "row 3: to relabel /b.wav, write its label into"),
        ({"p_wrong": ["0.1", "high", "0.2"]}, "row 3: p_wrong 'high' is not a number"),
    ],
    ids=["unknown", "nothing suggested", "no number"],
)
def test_what_cannot_be_carried_out_is_refused(columns, message, tmp_path):
    file = tmp_path / "labels.csv"
    table(**columns).to_csv(file, index=False)
    with pytest.raises(TableError, match=message):
        read_labels(file)


def test_a_file_that_is_no_table_of_labels_is_refused(tmp_path):
    with pytest.raises(TableError, match="there is no such file: write it with"):
        read_labels(tmp_path / "labels.csv")
    file = tmp_path / "labels.csv"
    file.write_text("path,label\na.wav,dog\n")
    with pytest.raises(TableError, match="no column 'start_s'"):
        read_labels(file)
    file.write_text("")
    with pytest.raises(TableError, match="no column 'path'"):
        read_labels(file)


def test_decisions_belong_to_a_clip_and_its_label():
    new = table(decision=[""] * 3, new_label=[""] * 3, label=["dog", "sea", "dog;rain"])
    again = with_decisions(new.iloc[::-1].reset_index(drop=True), table())
    assert again["decision"].tolist() == ["relabel", "", ""], "rain is sea by now"
    assert again["new_label"].tolist() == ["sea", "", ""]
    assert with_decisions(new.head(0), table())["decision"].tolist() == []


def test_a_suggestion_that_was_accepted_stays():
    earlier = table(decision=["relabel", "", ""])
    new = table(decision=[""] * 3, new_label=[""] * 3, suggested=["sea", "", ""])
    assert with_decisions(new, earlier)["new_label"].tolist() == ["rain", "", ""]


def test_the_label_after_a_decision():
    rows = table(decision=["relabel", "drop", "relabel"], new_label=["", "", "sea; rain"])
    assert decided_labels(rows).tolist() == ["rain", "", "sea;rain"]
    assert (
        decided_labels(table(decision=["keep", "", "keep"])).tolist() == table()["label"].tolist()
    )


@given(
    strategies.lists(
        strategies.tuples(
            strategies.sampled_from(["/a.wav", "/ü b,'\".wav"]),
            strategies.sampled_from([np.nan, 0.0, 0.1, 1 / 3, 59.999]),
            strategies.sampled_from(["dog", "rain;sea", "01"]),
            strategies.floats(0, 1),
            strategies.sampled_from([UNDECIDED, *DECISIONS]),
        ),
        max_size=6,
        unique_by=lambda row: (row[0], str(row[1]), row[2]),
    )
)
def test_decisions_survive_a_round_trip(tmp_path_factory, rows):
    file = tmp_path_factory.mktemp("labels") / "labels.csv"
    names = ["path", "start_s", "label", "p_wrong", "decision"]
    content = pd.DataFrame(rows, columns=names).astype({"start_s": float, "p_wrong": float})
    content = content.assign(end_s=content["start_s"] + 1, suggested="new", new_label="")
    write_labels(file, content)
    again = with_decisions(content.assign(decision="", new_label=""), read_labels(file))
    assert again["decision"].tolist() == content["decision"].tolist()
    assert keys(again) == keys(content)


def test_columns_of_the_person_stay_with_their_clips(tmp_path):
    file = tmp_path / "labels.csv"
    notes = ['windy, "loud"', "", "listen again"]
    rows = table(**{"my note": notes, "by": "me"})
    rows.to_csv(file, index=False)
    again = with_decisions(table(decision="", new_label="")[::-1], read_labels(file))
    write_labels(file, again)
    rows = read_labels(file).sort_values("path", kind="stable")
    assert rows["my note"].tolist() == notes
    assert rows["decision"].tolist() == ["", "drop", "relabel"]
    assert list(rows) == [*COLUMNS, "my note", "by"]
    new = table(label="cat", decision="", new_label="")
    assert with_decisions(new, rows)["my note"].tolist() == ["", "", ""]
