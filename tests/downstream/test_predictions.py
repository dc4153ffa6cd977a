"""The table of predictions."""

from dataclasses import replace

import numpy as np
import pytest

from soundalike.datasets.clips import ClipTable
from soundalike.datasets.splits import Split
from soundalike.downstream.predictions import CLIP_COLUMNS, predictions, read_predictions
from soundalike.evaluation.temperature import fit_temperature, tempered

KEY = ("linear", "pretrained encoder")
SCORES = np.array([[0.2, 0.7, 0.1], [0.5, 0.1, 0.4]])


def splits_of(*tests, name="fold {}"):
    nothing = np.zeros(0, dtype=np.int64)
    tests = enumerate(map(np.array, tests))
    return [Split(name.format(number), nothing, nothing, test) for number, test in tests]


def test_a_row_for_each_test_clip_with_all_that_is_known_of_it(store, tmp_path):
    splits, other = splits_of([20], [3]), ("knn", "log-mel statistics")
    table = predictions(store, splits, {KEY: SCORES, other: SCORES[::-1]})
    probabilities = [f"probability_{name}" for name in ("high", "low", "middle")]
    answers = [", ".join(key) for key in (KEY, other)]
    assert list(table) == [*CLIP_COLUMNS, "prediction", *probabilities, *answers]
    assert table["path"].tolist() == store.clips.rows["path"][[20, 3]].tolist()
    assert table["fold"].tolist() == ["0", "1"]
    assert table["prediction"].tolist() == table[answers[0]].tolist() == ["low", "high"]
    assert table[answers[1]].tolist() == ["high", "low"]
    temperature = fit_temperature(store.clips.labels().values[[20, 3]], SCORES)
    calibrated = tempered(SCORES, temperature, is_multi_label=False)
    assert (table[probabilities].to_numpy() == calibrated).all()

    table.to_csv(tmp_path / "predictions.csv", index=False)
    copy, read = read_predictions(tmp_path / "predictions.csv", store.clips.classes)
    assert (read == calibrated).all()
    assert copy["fold"].tolist() == ["0", "1"]
    assert copy["start_s"].isna().all()


def test_a_clip_with_several_classes_has_them_all(store):
    rows = store.clips.rows.assign(label="high;low", fold="x")
    scores = np.array([[0.6, 0.5], [0.4, 0.9], [0.1, 0.2]])
    store = replace(store, clips=ClipTable("x", rows))
    table = predictions(store, splits_of([0, 1, 2], name="test"), {KEY: scores})
    assert table["prediction"].tolist() == ["high;low", "low", ""]
    assert table["fold"].tolist() == ["x"] * 3, "that of the source"


def test_numbers_are_no_names(store, tmp_path):
    """Classes that a spreadsheet would take for numbers, or for nothing."""
    rows = store.clips.rows.assign(label=["01", "NA", "1e3"] * 8)
    store = replace(store, clips=ClipTable("x", rows))
    votes = {("knn", "pretrained encoder"): SCORES}
    predictions(store, splits_of([0, 1]), votes).to_csv(tmp_path / "x.csv", index=False)
    table, read = read_predictions(tmp_path / "x.csv", store.clips.classes)
    assert table["label"].tolist() == ["01", "NA"]
    assert table["prediction"].tolist() == ["1e3", "01"]
    assert read == pytest.approx(SCORES)
