"""Tables in LanceDB."""

import errno

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundalike.archive.head import ArchiveError, Head
from soundalike.archive.lance_tables import (
    CLIPS,
    ROWS,
    create_table,
    open_table,
    plain_errors,
    quoted,
    schema_of,
)


def test_a_table_exists_once_it_is_created(tmp_path):
    assert open_table(tmp_path, ROWS) is None
    assert create_table(tmp_path, ROWS, Head(4, "m")).count_rows() == 0
    assert open_table(tmp_path, ROWS).schema == schema_of(ROWS, Head(4, "m"))
    (tmp_path / "clips.lance").mkdir()  # of a creation that was interrupted
    assert open_table(tmp_path, CLIPS) is None
    assert create_table(tmp_path, CLIPS, Head(4, "m")).count_rows() == 0


def test_vectors_are_stored_in_the_precision_of_the_head():
    assert schema_of(ROWS, Head(4, "m")).field("vector").type == pa.list_(pa.float32(), 4)
    assert schema_of(ROWS, Head(4, "m", half=True)).field("vector").type.value_type == "halffloat"


@settings(max_examples=30)
@given(text=st.text("a' \\\n", max_size=8))
def test_quoted_text_ends_where_it_should(text):
    inside = quoted(text)[1:-1]
    assert inside.replace("''", "'") == text


def test_errors_of_lance_become_one_plain_line(tmp_path):
    with pytest.raises(ArchiveError, match=r"cannot be read or written \(one\)") as error, \
            plain_errors(tmp_path):  # fmt: skip
        raise RuntimeError("one\ntwo")
    assert "\n" not in str(error.value)
    with pytest.raises(OSError) as full, plain_errors(tmp_path):
        raise RuntimeError("LanceError(IO): No space left on device (os error 28)")
    assert full.value.errno == errno.ENOSPC
    assert full.value.filename == str(tmp_path)
    with pytest.raises(OSError) as large, plain_errors(tmp_path):
        raise OSError("LanceError(IO): File too large (os error 27)")
    assert large.value.errno == errno.EFBIG
