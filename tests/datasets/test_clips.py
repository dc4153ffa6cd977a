"""The table of clips: columns, order and fingerprint."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundalike.datasets import clips as room
from soundalike.datasets.clips import Clip, ClipTable, Problem

words = st.text(max_size=3)
labels = st.lists(st.sampled_from(["a", "b", "b c"]), unique=True, max_size=2).map(";".join)
seconds = st.none() | st.floats(0, 100)
clips_of_any_kind = st.lists(
    st.builds(Clip, st.text(min_size=1, max_size=3), labels, words, words, seconds, seconds),
    min_size=1,
    max_size=4,
)


@given(clips_of_any_kind)
def test_a_table_yields_its_clips(clips):
    table = ClipTable.of("x", clips)
    assert list(table) == clips
    assert len(table) == len(clips)


@given(clips_of_any_kind, clips_of_any_kind)
def test_fingerprints_are_equal_only_for_the_same_clips(clips, others):
    same = ClipTable.of("x", clips).fingerprint() == ClipTable.of("y", others).fingerprint()
    assert same == (clips == others)


@pytest.mark.parametrize("rows_at_once", [1, 2, 3, 7])
def test_results_do_not_depend_on_the_number_of_rows_at_once(monkeypatch, rows_at_once):
    monkeypatch.setattr(room, "ROWS_AT_ONCE", rows_at_once)
    clips = [Clip(f'{i}, "{i}"', "ab"[i % 2], start_s=i / 3 or None) for i in range(6)]
    table = ClipTable.of("x", clips)
    assert list(table) == clips
    columns = [
        ["path", *(clip.path for clip in clips)],
        ["label", *(clip.label for clip in clips)],
        ["split", *[""] * 6],
        ["fold", *[""] * 6],
        ["start_s", "nan", *(str(clip.start_s) for clip in clips[1:])],
        ["end_s", *["nan"] * 6],
    ]
    digest = hashlib.sha256("".join(map(json.dumps, columns)).encode()).hexdigest()
    assert table.fingerprint() == digest, "of each column as one JSON list"


def test_moving_a_letter_to_the_next_cell_changes_the_fingerprint():
    one = ClipTable.of("x", [Clip("a"), Clip("bc", label="d")])
    for clips in (
        [Clip("ab"), Clip("c", label="d")],
        [Clip("a"), Clip("b", label="cd")],
        [Clip("a\x1fbc"), Clip("", label="d")],
        [Clip("bc", label="d"), Clip("a")],
    ):
        assert ClipTable.of("x", clips).fingerprint() != one.fingerprint()


def test_missing_columns_are_unknown_and_other_columns_stay():
    rows = pd.DataFrame({"note": ["n", "m"], "path": ["a", "b"]}, index=[7, 3])
    table = ClipTable("x", rows)
    assert list(table) == [Clip("a"), Clip("b")]
    assert list(table.rows.columns) == [
        "path", "label", "split", "fold", "start_s", "end_s", "note",
    ]  # fmt: skip
    assert list(table.rows.index) == [0, 1]
    assert list(rows.columns) == ["note", "path"], "the given rows are left as they are"


def test_classes_and_folds_are_sorted_without_the_unknown():
    table = ClipTable.of(
        "x", [Clip("a", "owl", fold="2"), Clip("b"), Clip("c", "cat", fold="1"), Clip("d", "owl")]
    )
    assert table.classes == ["cat", "owl"]
    assert table.folds == ["1", "2"]
    assert not table.has_splits
    labels = table.labels()
    assert labels.classes == table.classes
    assert labels.values.tolist() == [1, -1, 0, 1]
    assert table.labels(["owl"]).values.tolist() == [0, -1, -1, 0]
    assert ClipTable.of("x", [Clip("a", fold=fold) for fold in ("10", "9", "b")]).folds == [
        "9", "b", "10",
    ]  # fmt: skip


def test_labels_are_normalized():
    rough = [" owl ; cat", "cat;", ";", " ", "owl;owl", "barn owl"]
    table = ClipTable.of("x", [Clip(str(i), label) for i, label in enumerate(rough)])
    assert table.rows["label"].tolist() == ["owl;cat", "cat", "", "", "owl", "barn owl"]
    assert table.classes == ["barn owl", "cat", "owl"]
    once, again = table, ClipTable("x", table.rows)
    assert once.fingerprint() == again.fingerprint()


def test_one_clip_in_a_split_is_enough_for_has_splits():
    assert ClipTable.of("x", [Clip("a"), Clip("b", split="test")]).has_splits


def test_where_takes_a_mask_or_positions():
    table = ClipTable.of("x", [Clip(name) for name in "abcd"], [Problem("e", "empty", "e: empty")])
    assert [clip.path for clip in table.where(np.array([True, False, False, True]))] == ["a", "d"]
    assert [clip.path for clip in table.where(np.array([2, 0]))] == ["c", "a"]
    assert len(table.where(np.array([], dtype=np.int64))) == 0


def test_paths_are_relative_to_the_root_where_they_lie_below_it():
    paths = ["/sounds/dog/a.wav", "/sounds2/b.wav", "/sounds/c.wav", "d.wav"]
    clips = ClipTable.of("x", [Clip(path) for path in paths])
    assert clips.relative_paths().tolist() == paths
    clips = replace(clips, root="/sounds").where(np.array([0, 1, 2, 3]))
    assert clips.relative_paths().tolist() == ["dog/a.wav", "/sounds2/b.wav", "c.wav", "d.wav"]
