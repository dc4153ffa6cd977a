"""Which labels are known to be right."""

import pandas as pd
import pytest

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.source import read_source
from soundalike.datasets.verified import VERIFIED, verified_rows


@pytest.mark.parametrize(
    "words", [(False, True), ("0", "1"), ("False", "True"), ("no", " Yes "), (0.0, 1.0)]
)
def test_a_column_says_which(words):
    rows = pd.DataFrame({"path": ["a.wav", "b.wav"], "label": "x", VERIFIED: words})
    assert verified_rows(rows).tolist() == [False, True]
    labels = ClipTable("mine", rows).labels()
    assert labels.is_verified.tolist() == [False, True]
    assert labels.select(pd.array([1, 0]).to_numpy(int)).is_verified.tolist() == [True, False]


def test_without_a_column_none_is_known():
    assert not verified_rows(pd.DataFrame({"path": ["a.wav"]})).any()


def test_a_manifest_may_have_the_column(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.wav").touch()
    (tmp_path / "clips.csv").write_text("path,label,Verified\na.wav,x,1\nb.wav,x,\n")
    clips = read_source(tmp_path / "clips.csv")
    assert clips.labels().is_verified.tolist() == [True, False]
