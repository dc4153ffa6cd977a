"""Decisions become a new manifest; nothing else changes."""

import numpy as np
import pandas as pd
import pytest

from soundalike.audit.cleaning import write_cleaned
from soundalike.datasets.clips import Clip, ClipTable, SourceError
from soundalike.datasets.source import read_source
from soundalike.datasets.verified import VERIFIED, verified_rows


@pytest.fixture
def clips(tmp_path):
    """Four clips, the last without a label."""
    for name in "abcd":
        (tmp_path / f"{name}.wav").touch()
    rows = [("a", "dog", "1"), ("b", "rain", "2"), ("c", "dog", "1"), ("d", "", "2")]
    return ClipTable.of("mine", [Clip(str(tmp_path / f"{a}.wav"), b, fold=c) for a, b, c in rows])


def decisions(clips, decided, new_labels=("", "", "")):
    rows = clips.rows.head(3)[["path", "start_s", "end_s", "label"]]
    values = {"suggested": "sea", "p_wrong": 0.5, "decision": decided, "new_label": new_labels}
    return rows.assign(**values)


def test_relabeled_and_dropped_clips(clips, tmp_path):
    file = tmp_path / "clean" / "clips.csv"
    result = write_cleaned(file, clips, decisions(clips, ["relabel", "drop", "keep"]))
    assert (result.n_clips, result.n_relabeled, result.n_dropped, result.n_kept) == (3, 1, 1, 1)
    rows = pd.read_csv(file, keep_default_na=False, dtype=str)
    assert list(rows) == ["path", "label", "fold", VERIFIED], "no empty columns"
    assert rows[VERIFIED].tolist() == ["1", "1", "0"]
    again = read_source(file).rows
    assert again["label"].tolist() == ["sea", "dog", ""]
    assert again["fold"].tolist() == ["1", "1", "2"]
    assert (
        again["path"].tolist() == clips.rows["path"].tolist()[:1] + clips.rows["path"].tolist()[2:]
    )


def test_applying_is_idempotent_on_its_own_result(clips, tmp_path):
    rows = decisions(clips, ["relabel", "", ""], ["cat;dog", "", ""])
    write_cleaned(tmp_path / "once.csv", clips, rows)
    cleaned = read_source(tmp_path / "once.csv")
    assert cleaned.rows["label"][0] == "cat;dog"
    assert verified_rows(cleaned.rows).tolist() == [True, False, False, False]
    with pytest.raises(SourceError, match="no such clip with the label 'dog': audit it again"):
        write_cleaned(tmp_path / "twice.csv", cleaned, rows)


def test_segments_keep_their_times(tmp_path):
    (tmp_path / "a.wav").touch()
    path = str(tmp_path / "a.wav")
    segments = [
        Clip(path, "dog", start_s=0.0, end_s=1.5),
        Clip(path, "dog", start_s=1.5, end_s=3.0),
    ]
    clips = ClipTable.of("mine", segments)
    rows = clips.rows[["path", "start_s", "end_s", "label"]].assign(
        suggested="sea", p_wrong=0.5, decision=["", "relabel"], new_label=""
    )
    write_cleaned(tmp_path / "clean.csv", clips, rows)
    again = read_source(tmp_path / "clean.csv").rows
    assert again["label"].tolist() == ["dog", "sea"]
    assert np.array_equal(again["end_s"], [1.5, 3.0])


def test_nothing_is_overwritten(clips, tmp_path):
    file = tmp_path / "clean.csv"
    file.write_text("mine")
    with pytest.raises(SourceError, match="exists, and is not overwritten"):
        write_cleaned(file, clips, decisions(clips, ["keep", "", ""]))
    assert file.read_text() == "mine"
    with pytest.raises(SourceError, match=r"is a \.csv file"):
        write_cleaned(tmp_path / "clean.txt", clips, decisions(clips, ["keep", "", ""]))
    with pytest.raises(SourceError, match="no label has a decision"):
        write_cleaned(tmp_path / "new.csv", clips, decisions(clips, ["", "", ""]))
