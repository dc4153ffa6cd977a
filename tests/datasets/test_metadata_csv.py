"""Metadata tables of published data sets."""

import pytest

from soundalike.datasets.clips import SourceError
from soundalike.datasets.metadata_csv import read_metadata_csv


@pytest.fixture
def table(tmp_path):
    """Where the table is in its data set."""
    (tmp_path / "meta").mkdir()
    return tmp_path / "meta" / "clips.csv"


def test_every_value_is_read_as_text(table):
    table.write_text('name,class,more\n007,"NA, None",\n1e3,nan,x\n')
    rows = read_metadata_csv("set:root", table, ["class", "name"])
    assert rows["name"].tolist() == ["007", "1e3"]
    assert rows["class"].tolist() == ["NA, None", "nan"]
    assert rows["more"].tolist() == ["", "x"]


def test_a_missing_table_is_named(table):
    with pytest.raises(SourceError) as error:
        read_metadata_csv("set:root", table, ["name"])
    assert str(error.value) == f"set:root: {table} is missing: unpack meta here."


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", ""),
        (b"\xff\xfe\0", ""),
        (b'name,class\n"1', ""),
        (b"name,class\n", "it lists no clip"),
        (b"name,klass\n1,dog\n", "no column 'class', only name, klass"),
        (b"name,class\n1,dog\n2\n", "no class in row 2"),
        (b"name,class\n1,dog\n2,owl\n,cat\n", "no name in row 3"),
    ],
)
def test_a_damaged_table_is_named(table, text, reason):
    table.write_bytes(text)
    with pytest.raises(SourceError, match=rf"damaged \(.*{reason}.*\): unpack it again") as error:
        read_metadata_csv("set:root", table, ["name", "class"])
    assert str(error.value).startswith(str(table))
    assert "\n" not in str(error.value)
