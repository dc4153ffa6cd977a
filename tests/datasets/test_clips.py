"""The table of clips: columns, order, and a fingerprint that tells tables apart."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from soundalike.datasets.clips import Clip, ClipTable, Problem

words = st.text(max_size=3)
seconds = st.none() | st.floats(0, 100)
clips_of_any_kind = st.lists(
    st.builds(Clip, st.text(min_size=1, max_size=3), words, words, words, seconds, seconds),
    min_size=1,
    max_size=4,
)


@given(clips_of_any_kind)
def test_a_table_gives_back_its_clips(clips):
    table = ClipTable.of("x", clips)
    assert list(table) == clips
    assert len(table) == len(clips)


@given(clips_of_any_kind, clips_of_any_kind)
def test_fingerprints_are_the_same_for_the_same_clips_only(clips, others):
    same = ClipTable.of("x", clips).fingerprint() == ClipTable.of("y", others).fingerprint()
    assert same == (clips == others)


def test_a_letter_moved_to_the_next_cell_is_another_table():
    one = ClipTable.of("x", [Clip("a"), Clip("bc", label="d")])
    for clips in (
        [Clip("ab"), Clip("c", label="d")],
        [Clip("a"), Clip("b", label="cd")],
        [Clip("a\x1fbc"), Clip("", label="d")],
        [Clip("bc", label="d"), Clip("a")],
    ):
        assert ClipTable.of("x", clips).fingerprint() != one.fingerprint()


def test_missing_columns_are_unknown_and_further_ones_are_kept():
    rows = pd.DataFrame({"note": ["n", "m"], "path": ["a", "b"]}, index=[7, 3])
    table = ClipTable("x", rows)
    assert list(table) == [Clip("a"), Clip("b")]
    assert list(table.rows.columns) == [
        "path", "label", "split", "fold", "start_s", "end_s", "note",
    ]  # fmt: skip
    assert list(table.rows.index) == [0, 1]
    assert list(rows.columns) == ["note", "path"], "the given rows are left as they are"


def test_classes_and_folds_are_sorted_and_leave_out_the_unknown():
    table = ClipTable.of(
        "x", [Clip("a", "owl", fold="2"), Clip("b"), Clip("c", "cat", fold="1"), Clip("d", "owl")]
    )
    assert table.classes == ["cat", "owl"]
    assert table.folds == ["1", "2"]
    assert not table.has_splits
    assert table.label_indices(table.classes).tolist() == [1, -1, 0, 1]
    assert table.label_indices(["owl"]).tolist() == [0, -1, -1, 0]


def test_one_clip_in_a_split_makes_splits():
    assert ClipTable.of("x", [Clip("a"), Clip("b", split="test")]).has_splits


def test_where_takes_a_mask_or_positions():
    table = ClipTable.of("x", [Clip(name) for name in "abcd"], [Problem("e", "empty", "e: empty")])
    assert [clip.path for clip in table.where(np.array([True, False, False, True]))] == ["a", "d"]
    assert [clip.path for clip in table.where(np.array([2, 0]))] == ["c", "a"]
    assert len(table.where(np.array([], dtype=np.int64))) == 0
