"""Archives as files."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from archives import DIM, add_clips

from soundalike.archive.head import Head
from soundalike.archive.window_archive import WindowArchive
from soundalike.datasets.clips import SourceError
from soundalike.search import export as module
from soundalike.search.export import export


def test_every_kind_of_file_has_all_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 3)
    archive = WindowArchive.create(tmp_path / "archive", Head(DIM, "m", root="/sounds"))
    names = ["a.wav", "new\nline, 'quoted' \"ü\".wav"]
    vectors = add_clips(archive, names, label="dog", split="test")
    rows = archive.rows()
    for suffix in (".parquet", ".csv", ".npy"):
        result = export(archive, tmp_path / f"rows{suffix}")
        assert (result.n_rows, result.root) == (4, "/sounds")
    table = pd.read_parquet(tmp_path / "rows.parquet")
    np.testing.assert_array_equal(np.stack(table.pop("vector")), vectors)
    assert pq.read_schema(tmp_path / "rows.parquet").metadata[b"root"] == b"/sounds"
    assert table.to_dict("list") == rows.to_dict("list")
    np.testing.assert_array_equal(np.load(tmp_path / "rows.npy"), vectors)
    beside = pd.read_csv(tmp_path / "rows.npy.rows.csv")
    assert beside["path"].tolist() == rows["path"].tolist()
    assert pd.read_csv(tmp_path / "rows.csv")["vector_7"].tolist() == pytest.approx(vectors[:, 7])
    with pytest.raises(SourceError, match=r"name a \.parquet"):
        export(archive, tmp_path / "rows.txt")


def test_an_empty_archive_is_a_file_without_rows(tmp_path):
    archive = WindowArchive.create(tmp_path / "archive", Head(DIM, "m"))
    assert export(archive, tmp_path / "rows.parquet").n_rows == 0
    assert list(pd.read_parquet(tmp_path / "rows.parquet"))[:2] == ["id", "recording"]
