"""Parquet files are read as pandas does, and damage is refused when they are read."""

import numpy as np
import pandas as pd
import pytest

from soundalike.datasets.parquet import read_parquet


@pytest.fixture
def path(tmp_path):
    rows = pd.DataFrame(
        {
            "path": ["a.wav", "b.wav"],
            "start_s": [0.5, np.nan],
            "label": ["dog", None],
            "is_verified": [True, False],
            "votes": [[1, 2], []],
        }
    )
    rows.to_parquet(tmp_path / "a.parquet", compression=None)
    return tmp_path / "a.parquet"


def test_rows_and_types_are_those_of_pandas(path):
    pd.testing.assert_frame_equal(read_parquet(path), pd.read_parquet(path))
    some = ["label", "path"]
    pd.testing.assert_frame_equal(read_parquet(path, some), pd.read_parquet(path, columns=some))


def test_text_that_is_not_utf8_is_refused(path):
    path.write_bytes(path.read_bytes().replace(b"b.wav", b"\xff.wav"))
    with pytest.raises(ValueError, match=r"(?i)utf"):
        read_parquet(path)


def test_files_and_columns_that_are_not_there_are_refused(path):
    with pytest.raises(ValueError, match="nothing"):
        read_parquet(path, ["nothing"])
    with pytest.raises(FileNotFoundError):
        read_parquet(path.with_name("gone.parquet"))
