"""Rows of clips that overlap; the writer's tests give them new labels."""

import numpy as np
import pandas as pd
import pytest
from archives import make_rows

from soundalike.archive.clip_rows import are_of_clip, latest, runs_of


def test_the_latest_record_of_a_clip_counts():
    records = pd.DataFrame(
        {
            "path": ["a", "b", "a", "a"],
            "start_s": [np.nan, np.nan, np.nan, 1.0],
            "end_s": np.nan,
            "next_id": [4, 3, 4, 2],
        }
    )
    records["n_rows"] = range(4)
    assert latest(records)["n_rows"].tolist() == [3, 1, 2], "of equal ids, the later one"


@pytest.mark.parametrize(
    ("start_s", "end_s", "expected"),
    [
        (np.nan, np.nan, [*range(9)]),
        (0.0, 9.0, [*range(6)]),
        (2.0, 5.0, [6, 7, 8]),
        (2.0, 7.0, [2, 3, 4, 5, 6, 7, 8]),  # ends after its file, so any inside may be its
        (7.0, 9.0, []),
    ],
)
def test_rows_of_a_clip_lie_in_it_and_have_its_length(start_s, end_s, expected):
    """A clip of six seconds that should have nine, and one of three seconds in it."""
    inner = make_rows(["a.wav"], 3)
    rows = pd.concat([make_rows(["a.wav"], 6).assign(duration_s=9.0), inner], ignore_index=True)
    rows.loc[6:, ["start_s", "end_s"]] += 2
    assert np.flatnonzero(are_of_clip(rows, start_s, end_s)).tolist() == expected


def test_ids_in_a_row_are_one_condition():
    assert runs_of(np.array([], np.int64)) == []
    assert runs_of(np.array([1, 2, 3, 7, 9, 10])) == [
        "(id >= 1 AND id <= 3)",
        "(id >= 7 AND id <= 7)",
        "(id >= 9 AND id <= 10)",
    ]
