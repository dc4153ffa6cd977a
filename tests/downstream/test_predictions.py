"""The table of predictions."""

from dataclasses import replace

import numpy as np

from soundalike.datasets.clips import ClipTable
from soundalike.downstream.predictions import CLIP_COLUMNS, predictions

KEY = ("linear", "pretrained encoder")


def test_a_row_for_each_test_clip_with_its_most_probable_class(store):
    tested = np.array([20, 3])
    table = predictions(store, tested, {KEY: np.array([[0.2, 0.7, 0.1], [0.5, 0.1, 0.4]])})
    assert list(table) == [*CLIP_COLUMNS, "linear, pretrained encoder"]
    assert table["path"].tolist() == store.clips.rows["path"][tested].tolist()
    assert table["linear, pretrained encoder"].tolist() == ["low", "high"]


def test_a_clip_with_several_classes_has_them_all(store):
    rows = store.clips.rows.assign(label="high;low")
    scores = np.array([[0.6, 0.5], [0.4, 0.9], [0.1, 0.2]])
    table = predictions(replace(store, clips=ClipTable("x", rows)), np.arange(3), {KEY: scores})
    assert table["linear, pretrained encoder"].tolist() == ["high;low", "low", ""]
