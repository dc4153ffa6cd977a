"""The file with the labels of an audit."""

import math

import pandas as pd
import pytest
from audited import FIRST, LABELS, PATHS, SECOND, WIND
from hypothesis import given
from hypothesis import strategies as st

from soundalike.audit.labels_text import COLUMNS, LabelsText, TableError, read_rows


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a table and returns its path."""

    def write(text):
        (tmp_path / "labels.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / "labels.csv"

    return write


def test_a_table_is_read(write):
    rows = read_rows(write(LABELS))
    assert list(rows) == [*COLUMNS, "my note"]
    assert rows["path"].tolist() == PATHS
    first = rows.loc[FIRST].to_dict()
    assert math.isnan(first.pop("start_s"))
    assert math.isnan(first.pop("end_s"))
    assert first == {
        "path": "rain/1.wav", "label": "rain", "suggested": "sea", "p_wrong": 0.98,
        "decision": "", "new_label": "", "my note": 'windy, "loud"',
    }  # fmt: skip
    assert rows.loc[SECOND, ["start_s", "end_s"]].tolist() == [0.25, 0.75]


def test_only_the_rows_that_change_are_written_anew(write):
    file = LabelsText.read(write(LABELS))
    assert file.text() == LABELS
    changed = file.with_cells({FIRST: {"decision": "keep"}}).text()
    before, after = LABELS.splitlines(), changed.splitlines()
    assert after[1] == 'rain/1.wav,,,rain,"windy, ""loud""",sea,0.98,keep,'
    assert after[:1] + after[2:] == before[:1] + before[2:]
    assert not changed.endswith("\n"), "as before"


def test_what_spreadsheets_write_stays(write):
    """A byte-order mark, ends of lines, rows without their last values, blank lines."""
    text = "\ufeff" + LABELS.replace("\n", "\r\n").replace("wind,,,0.01,,", "wind\r\n\r\n")
    file = LabelsText.read(write(text))
    assert file.table().loc[WIND, ["label", "p_wrong", "decision"]].tolist() == ["wind", 0, ""]
    assert file.text() == text
    changed = file.with_cells({FIRST: {"decision": "drop"}, WIND: {"decision": "keep"}}).text()
    assert changed.startswith("\ufeffpath,")
    assert changed.endswith("wind/1.wav,,,wind,,,,keep,\r\n")
    assert changed.count("\r\n") == changed.count("\n") == 8


@given(
    st.lists(
        st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\0\r"))] * 2),
        min_size=1,
    ),
    st.data(),
)
def test_any_text_is_read_as_it_was_written(tmp_path_factory, cells, data):
    path = tmp_path_factory.mktemp("any") / "labels.csv"
    table = pd.DataFrame(cells, columns=["path", "note"])
    for name in COLUMNS[1:]:
        table[name] = ""
    table.to_csv(path, index=False, lineterminator="\n")
    file = LabelsText.read(path)
    number, text = data.draw(st.integers(0, len(table) - 1)), data.draw(st.text("a\n,\"; '"))
    changed = file.with_cells({number: {"label": text}})
    path.write_text(changed.text(), encoding="utf-8", newline="")
    again = LabelsText.read(path)
    expected = [[*each.cells] for each in file.records]
    expected[number][COLUMNS.index("label") + 1] = text
    assert [each.cells for each in again.records] == expected
    texts = [each.text for each in file.records]
    assert [each.text for each in again.records][:number] == texts[:number]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column 'path'"),
        ("path;label\na;b\n", "no column 'path' (its columns: path;label)"),
        (LABELS.replace("decision", "what"), "no column 'decision'"),
        (LABELS.replace("0.91,", "0,91,"), "row 3: decision '91' is none of keep, relabel, drop"),
        (LABELS.replace("0.7,", "high,"), "row 4: p_wrong 'high' is not a number"),
        (LABELS.replace("0.7,", "0.7,relable"), "did you mean 'relabel'?"),
        (LABELS.replace("rain/1", "r\xe4in/1").encode("latin-1", "replace"), "not UTF-8"),
        (LABELS + ',"', "cannot be read as a table"),
    ],
    ids=["empty", "semicolons", "column", "comma", "number", "decision", "encoding", "quotes"],
)
def test_what_is_no_table_is_refused_in_one_line(write, text, message):
    with pytest.raises(TableError) as error:
        read_rows(write(text))
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_without_a_table_the_command_that_writes_it_is_named(tmp_path):
    with pytest.raises(TableError, match=f"soundalike audit SOURCE --out {tmp_path}"):
        read_rows(tmp_path / "labels.csv")


def test_decisions_are_read_as_people_type_them(write):
    rows = read_rows(write(LABELS.replace("0.98,,", "0.98, Keep ,")))
    assert rows.loc[FIRST, "decision"] == "keep"
