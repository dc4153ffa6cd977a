"""What the words of a query mean."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.search.queries import FileQuery, QueryError, RowQuery, parse_query


@given(number=st.integers(0, 10**12))
def test_a_number_is_a_row(number):
    assert parse_query(str(number)) == RowQuery(number)
    assert str(parse_query(str(number))) == f"row {number}"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("queries") / "a@1-2 'b'\n#.wav"
    path.touch()
    return str(path)


@given(start=st.integers(0, 10**6), length=st.integers(1, 10**6), digits=st.integers(0, 3))
def test_a_range_is_in_seconds(file, start, length, digits):
    start_s, end_s = start / 10**digits, (start + length) / 10**digits
    query = parse_query(f"{file}@{start_s:.{digits}f}-{end_s:.{digits}f}")
    assert query == FileQuery(file, start_s, end_s)


@given(text=st.text() | st.from_regex(r"(a|12)?@?\d*\.?\d*-?\d*\.?\d*\Z"))
def test_any_text_is_a_query_or_refused(text):
    query = None
    with contextlib.suppress(QueryError):  # any other error is a bug
        query = parse_query(text)
    assert query is None or isinstance(query, RowQuery | FileQuery)


def test_a_file_that_exists_is_that_file(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "12").touch()
    (tmp_path / "x.wav@1-2").touch()
    assert parse_query("12") == FileQuery("12")
    assert parse_query("x.wav@1-2") == FileQuery("x.wav@1-2")
    assert str(parse_query(file)) == file
    assert str(parse_query("12@1.50-2")) == "12@1.5-2"


@pytest.mark.parametrize("text", ["", " ", "gone.wav", "gone.wav@1-2", "-3", "1.5", "a\0b"])
def test_what_is_no_query_is_refused(text):
    with pytest.raises(QueryError, match="name a sound, FILE@START-END"):
        parse_query(text)


@pytest.mark.parametrize("times", ["2-1", "2-2", f"1-{'9' * 400}"])
def test_an_empty_part_is_refused(file, times):
    with pytest.raises(QueryError, match="the part is empty"):
        parse_query(f"{file}@{times}")


def test_a_number_that_no_row_can_have_is_no_row():
    for text in (str(2**63), "1" * 5000):
        with pytest.raises(QueryError, match="no such file: name a sound"):
            parse_query(text)
