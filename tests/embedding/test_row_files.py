"""Files of rows and vectors, read by the programs that other people use."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from soundalike.embedding import row_files
from soundalike.embedding.row_files import ROW_FILES

ROWS = pd.DataFrame({"path": ["a,b.wav", 'ö".wav', "c.wav"], "start_s": [0.0, 0.1, 2.0]})
VECTORS = np.random.default_rng(0).standard_normal((3, 5)).astype(np.float32)


def write(out, root="/sounds"):
    """Write the rows to a file, in two steps."""
    with ROW_FILES[out.suffix](out, 5, root) as add:
        add(ROWS[:1], VECTORS[:1])
        add(ROWS[1:], VECTORS[1:])


@pytest.mark.parametrize("rows_per_group", [1, 100])
def test_parquet(rows_per_group, tmp_path, monkeypatch):
    monkeypatch.setattr(row_files, "ROWS_PER_GROUP", rows_per_group)
    out = tmp_path / "a.parquet"
    write(out)
    rows = pd.read_parquet(out)
    pd.testing.assert_frame_equal(rows[["path", "start_s"]], ROWS)
    np.testing.assert_array_equal(np.stack(rows["vector"]), VECTORS)
    assert pq.read_schema(out).metadata == {b"root": b"/sounds"}
    assert pq.ParquetFile(out).num_row_groups == (2 if rows_per_group == 1 else 1)


def test_csv(tmp_path):
    write(tmp_path / "a.csv")
    rows = pd.read_csv(tmp_path / "a.csv")
    assert list(rows.columns) == ["path", "start_s", *(f"vector_{number}" for number in range(5))]
    pd.testing.assert_frame_equal(rows[["path", "start_s"]], ROWS)
    np.testing.assert_array_equal(rows.filter(like="vector_").to_numpy(np.float32), VECTORS)


def test_npy(tmp_path):
    out = tmp_path / "a.npy"
    write(out)
    vectors = np.load(out, mmap_mode="r")
    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, VECTORS)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "a.npy.rows.csv"), ROWS)


@pytest.mark.parametrize("suffix", ROW_FILES)
def test_a_failure_leaves_what_was_there(suffix, tmp_path):
    out = tmp_path / f"a{suffix}"
    write(out)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fail():
        with ROW_FILES[suffix](out, 5, "") as add:
            add(ROWS[:1], VECTORS[:1])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_what_a_killed_run_left_of_the_rows_is_removed(tmp_path):
    (tmp_path / "a.npy.rows.csv.123.partial").write_text("half")
    write(tmp_path / "a.npy")
    assert {path.name for path in tmp_path.iterdir()} == {"a.npy", "a.npy.rows.csv"}
