"""Answers on disk."""

import dataclasses

import numpy as np
import pytest

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.splits import evaluation_splits
from soundalike.downstream.few_shot_answers import AnswerFolder
from soundalike.downstream.few_shot_draws import Draw


def forbidden():
    raise AssertionError("it answers again")


@pytest.fixture(scope="module")
def splits(store):
    return evaluation_splits(store)


@pytest.fixture
def folder(store, splits, tmp_path):
    return AnswerFolder.of(tmp_path, "linear", store, splits, model="x")


def test_answers_are_computed_once(folder, splits):
    draw = Draw(5, 0, 1, splits[1])
    answers = np.arange(len(splits[1].test))
    assert not folder.has(draw)
    assert (folder.get(draw, lambda: answers) == answers).all()
    assert folder.has(draw)
    assert (folder.get(draw, forbidden) == answers).all()
    assert [path.name for path in folder.path.iterdir()] == ["5-0-1.json"]


@pytest.mark.parametrize(
    "text",
    ["", "[1, 2", "[]", '{"a": 1}', "[[0]]", "null"],
    ids=["empty", "cut", "none", "object", "nested", "null"],
)
def test_damaged_answers_are_replaced(folder, splits, text):
    draw = Draw(None, 0, 0, splits[0])
    answers = np.zeros(len(splits[0].test), dtype=np.int64)
    folder.get(draw, lambda: answers + 1)
    folder.file(draw).write_text(text)
    assert not folder.has(draw)
    assert (folder.get(draw, lambda: answers) == 0).all()


def test_what_answers_depend_on_has_a_folder_of_its_own(store, splits, tmp_path):
    rows = store.clips.rows
    swapped = rows.assign(label=rows["label"].to_numpy()[::-1])
    relabeled = dataclasses.replace(store, clips=ClipTable("x", swapped))
    paths = {
        AnswerFolder.of(tmp_path, method, clips, folds, model=model).path
        for method, clips, folds, model in [
            ("linear", store, splits, "x"),
            ("log_mel", store, splits, "x"),
            ("linear", store, splits, "y"),
            ("linear", store, splits[:2], "x"),
            ("linear", relabeled, splits, "x"),
        ]
    }
    assert len(paths) == 5
    assert AnswerFolder.of(tmp_path, "linear", store, splits, model="x").path in paths
