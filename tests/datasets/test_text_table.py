"""Text tables: the same rows for any encoding, separator and line end."""

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soundalike.datasets.clips import SourceError
from soundalike.datasets.text_table import SEPARATORS, open_text_table

values = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=8)
tables = st.lists(st.tuples(st.just("a.wav"), values, values), min_size=1, max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tables, st.sampled_from(SEPARATORS), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_any_table_with_a_known_header_is_read(tmp_path, rows, separator, encoding):
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator).writerows([("path", "label", "note"), *rows])
    (tmp_path / "t.csv").write_bytes(file.getvalue().encode(encoding))
    table = open_text_table(tmp_path / "t.csv")
    assert table.separator == separator
    assert [tuple(row) for row in table.read().to_numpy()] == rows


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".txt"])
def test_one_column_has_no_separator(tmp_path, suffix):
    path = tmp_path / f"t{suffix}"
    path.write_text("path\na.wav\n")
    assert open_text_table(path).read()["path"].tolist() == ["a.wav"]


@pytest.mark.parametrize(
    ("text", "encoding", "label"),
    [("Größe", "cp1252", "Größe"), ("“so”", "cp1252", "“so”"), ("собака лает", "cp1251", None)],
)
def test_windows_encodings_are_recognized_and_reported(tmp_path, text, encoding, label):
    (tmp_path / "t.csv").write_bytes(f"path,label\na.wav,{text}\n".encode(encoding))
    table = open_text_table(tmp_path / "t.csv")
    assert table.read()["label"].tolist() == [label or text]
    assert table.notes == [f"t.csv: not UTF-8, read as {table.encoding}"]


@pytest.mark.parametrize("name", ["t.csv", "t.txt"])
def test_lines_may_end_as_on_an_old_mac(tmp_path, name):
    (tmp_path / name).write_bytes(b"path,label\ra.wav,dog\rb.wav,cat\r")
    assert open_text_table(tmp_path / name).read()["label"].tolist() == ["dog", "cat"]


def test_a_stray_carriage_return_ends_a_line(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"0.01\t0.05\tc\rt\n0.05\t0.09\tdog\n")
    assert open_text_table(tmp_path / "a.txt").separator == "\t"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,label\na.wav,dog\nb.wav,cat, big\n", r"line 3 has 3 values and the header 2.*\(,\)"),
        ("path;label\na.wav;dog;x\n", r"its first row has more values.*separator \(;\)"),
        ("path\tlabel\na.wav\tdog\tx\n", r"separator \(tab\)"),
        ('path,label\na.wav,"dog\nb.wav,cat\n', "cannot be read as a table"),
        ("path,label\na.wav,\x01\n", "it is not text"),
    ],
)
def test_problems_are_reported_in_one_line(tmp_path, text, message):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(SourceError, match=message) as error:
        open_text_table(tmp_path / "t.csv").read()
    assert str(error.value).isprintable()


def test_a_file_without_read_permission_is_refused(tmp_path):
    with pytest.raises(SourceError, match="cannot be read"):
        open_text_table(tmp_path)
