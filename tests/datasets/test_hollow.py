"""Scores that would mean nothing are refused, and doubtful ones noted."""

import dataclasses
from pathlib import Path

import pytest

from soundalike.datasets.clips import Clip, SourceError
from soundalike.datasets.hollow import notes_on_scores, refuse_hollow
from soundalike.datasets.splits import evaluation_splits


def refuse(store):
    refuse_hollow(store, evaluation_splits(store))


def notes(store):
    return notes_on_scores(store, evaluation_splits(store))


@pytest.mark.parametrize(
    "clips",
    [
        [Clip(str(i), "dog") for i in range(10)],
        [Clip(str(i), "dog", fold=str(i % 2)) for i in range(10)],
        [Clip("0", "dog", "train"), Clip("1", "dog", "test")],
        [Clip("0", "dog", "train"), Clip("1", "cat", "train"), Clip("2", "dog", "test")],
    ],
    ids=["labels", "folds", "splits", "test alone"],
)
def test_test_clips_of_one_class_are_refused(make_store, clips):
    with pytest.raises(
        SourceError, match=r"made: only 'dog' among \d+ test clips?, so this answer"
    ):
        refuse(make_store(clips))


def test_test_clips_that_all_have_the_same_classes_are_refused(make_store):
    clips = [Clip(str(i), "a;b" if i % 2 else "b;a", "test") for i in range(6)]
    with pytest.raises(SourceError, match="made: only 'b;a' among 6 test clips, so this answer"):
        refuse(make_store([Clip("6", "c", "train"), *clips]))


def test_two_classes_are_enough(make_store):
    refuse(make_store([Clip(str(i), "ab"[i % 2]) for i in range(10)]))
    refuse(make_store([Clip(str(i), "a;b" if i % 2 else "a") for i in range(10)]))
    refuse(make_store([Clip("0", "dog", fold="1"), Clip("1", "cat", fold="2")]))


def test_silence_is_refused(make_store):
    clips = [Clip(str(i), "ab"[i % 2]) for i in range(12)]
    with pytest.raises(SourceError, match="only silence in 12 test clips"):
        refuse(make_store(clips, [-1] * 12))
    refuse(make_store(clips, [-1] * 11 + [0]))
    assert "silent: 11 test clips" in notes(make_store(clips, [-1] * 11 + [0]))


def test_a_class_that_is_only_tested_is_noted(make_store):
    clips = [Clip("0", "dog", "train"), Clip("1", "cat", "train"), Clip("2", "owl", "test")]
    clips += [Clip(str(i), "dog", "test") for i in (3, 4)] + [Clip("5", "cat", "test")]
    assert notes(make_store(clips)) == [
        "no training clips in some round: owl; their test clips count as errors",
        "tested on one recording only: cat",
    ]


def test_the_only_clip_of_a_class_is_noted(make_store):
    clips = [*(Clip(str(i), "ab"[i % 2]) for i in range(20)), Clip("x", "owl")]
    assert notes(make_store(clips)) == [
        "no training clips in some round: owl; their test clips count as errors"
    ]


def test_many_classes_are_counted(make_store):
    clips = [Clip(str(i), "ab"[i % 2]) for i in range(20)]
    clips += [Clip(f"x{i}", f"class {i}") for i in range(8)]
    assert "class 0, class 1, class 2, class 3, class 4 and 3 more;" in notes(make_store(clips))[0]


def test_recordings_that_the_folds_divide_are_noted(make_store):
    clips = [Clip(str(i // 2), "ab"[i // 2 % 2], fold=str(i % 2)) for i in range(12)]
    assert notes(make_store(clips)) == [
        "6 recordings in several folds, such as 0: scores will be too good"
    ]
    assert notes(make_store([Clip(str(i), "ab"[i % 2]) for i in range(20)])) == []


def test_clips_that_are_not_scored_are_counted(make_store):
    store = make_store([Clip(str(i), "ab"[i % 2]) for i in range(10)])
    store = dataclasses.replace(store, n_problems=1, path=Path("here"))
    lines = notes_on_scores(store, evaluation_splits(store), n_unlabeled=3)
    assert lines == [
        "without a label, so not scored: 3 clips",
        f"skipped: 1 clip, listed in {Path('here', 'problems.csv')}",
    ]
