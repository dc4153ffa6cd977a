"""The nearest clips of each clip, in a file."""

import numpy as np
import pandas as pd

from soundalike.audit.evidence import write_evidence
from soundalike.datasets.clips import Clip, ClipTable
from soundalike.datasets.parquet import read_parquet


def test_neighbors_are_rows_of_the_file(tmp_path):
    clips = ClipTable.of("mine", [Clip("a.wav"), Clip("b.wav", start_s=1.0, end_s=2.5)])
    file = tmp_path / "evidence.parquet"
    neighbors = np.array([[1, -1], [-1, -1]])
    write_evidence(file, clips, neighbors, np.array([[0.5, 0.0], [0.0, 0.0]]))
    rows = read_parquet(file)
    assert list(rows) == ["path", "start_s", "end_s", "neighbors", "similarity"]
    assert rows["path"].tolist() == ["a.wav", "b.wav"]
    assert pd.isna(rows["start_s"][0])
    assert rows["end_s"][1] == 2.5
    assert [each.tolist() for each in rows["neighbors"]] == [[1], []]
    assert [each.tolist() for each in rows["similarity"]] == [[0.5], []]
