"""Labels of the rows of a collection."""

import shutil

import pytest

from soundalike.explore.collection import Collection
from soundalike.explore.labeled_rows import LabeledRows
from soundalike.explore.sounds import NoSuchRowError, Stretch
from soundalike.labeling.label_table import Span
from soundalike.search.archive import Archive

OWL, WREN, FROG = 0, 3, 5
NONE = 47  # rows


@pytest.fixture
def labels(explored, tmp_path):
    path = shutil.copytree(explored.path, tmp_path / "archive")
    return LabeledRows(Collection(Archive.open(path)))


def test_rows_without_labels_are_none(labels):
    assert labels.summary() == {"names": [], "undo": None, "redo": None}
    assert labels.categories().names == [""]
    assert labels.categories().codes.tolist() == [0] * NONE
    assert labels.of_rows([OWL]) == {OWL: []}


def test_rows_are_named_by_what_they_have(labels):
    labels.assign([OWL, OWL + 1], "owl", True, "chosen")
    labels.assign([OWL, WREN], "rain", True, "random")
    labels.assign([OWL, FROG], "frog", False, "queue")
    summary = labels.summary()
    assert summary["names"] == [
        {"name": "owl", "n_yes": 2, "n_no": 0},
        {"name": "rain", "n_yes": 2, "n_no": 0},
        {"name": "frog", "n_yes": 0, "n_no": 2},
    ]
    categories = labels.categories()
    assert categories.names == ["owl", "rain", "owl; rain", "not frog", ""]
    assert categories.has_none
    assert categories.codes[[OWL, OWL + 1, WREN, FROG, FROG + 1]].tolist() == [2, 0, 1, 3, 4]
    assert summary["undo"] == {"label": "frog", "value": False, "n": 2}
    (said,) = labels.of_rows([WREN])[WREN]
    assert (said["label"], said["value"], said["origin"]) == ("rain", True, "random")


def test_what_another_process_says_is_seen(labels):
    labels.assign([OWL], "owl", True, "chosen")
    assert labels.categories().names == ["owl", ""]
    other = LabeledRows(labels.collection)
    other.table.undo()
    assert labels.categories().names == [""]
    assert labels.summary()["redo"] == {"label": "owl", "value": True, "n": 1}


def test_a_stretch_is_an_event_of_its_recording(labels):
    labels.assign_stretch(FROG + 3, Stretch(3.25, 3.5), "croak", True)
    labels.assign_stretch(FROG, Stretch(5.0, 6.0), "frog", True)  # which is a row
    (event,) = labels.events(FROG, Stretch(0.0, 10.0))
    assert (event["start_s"], event["end_s"], event["label"]) == (3.25, 3.5, "croak")
    assert labels.events(FROG, Stretch(4.0, 10.0)) == []
    assert labels.events(OWL, Stretch(0.0, 10.0)) == []
    assert [said["label"] for said in labels.of_rows([FROG + 5])[FROG + 5]] == ["frog"]
    assert labels.summary()["names"][0] == {"name": "croak", "n_yes": 1, "n_no": 0}
    assert labels.categories().names == ["frog", ""]


def test_a_row_that_does_not_exist_has_no_label(labels):
    with pytest.raises(NoSuchRowError):
        labels.assign([OWL, 999], "owl", True, "chosen")
    assert labels.summary()["names"] == []


def test_the_span_of_a_row_is_its_window(labels, explored):
    row = explored.rows([FROG + 1]).iloc[0]
    assert labels.span(FROG + 1) == Span(row["recording"], 1.0, 2.0)


def test_names_and_statements_are_of_one_moment(labels, monkeypatch):
    """Another page may use a new label between the two readings."""
    other, current = LabeledRows(labels.collection), labels.table.current

    def late():
        other.assign([OWL], "owl", True, "chosen")
        return current()

    labels.assign([WREN], "wren", True, "chosen")
    monkeypatch.setattr(labels.table, "current", late)
    assert [each["name"] for each in labels.summary()["names"]] == ["wren", "owl"]
