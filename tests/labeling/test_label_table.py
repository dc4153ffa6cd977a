"""Labels, their history, undo and redo."""

import datetime
import getpass
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundalike.labeling.label_name import LabelError
from soundalike.labeling.label_table import Change, LabelTable, Span

A, B = Span("a", 0.0, 1.0), Span("b", 2.5, 3.1)


@pytest.fixture
def labels(tmp_path):
    return LabelTable(tmp_path)


def statements(labels):
    """Return the statements in force: {(span, label): value}."""
    rows = labels.current()
    assert not rows.duplicated(["recording", "start_s", "end_s", "label"]).any()
    return {
        (Span(row.recording, row.start_s, row.end_s), row.label): row.value
        for row in rows.itertuples()
    }


def test_an_archive_without_labels_has_none(labels, tmp_path):
    assert len(labels.current()) == 0
    assert list(labels.current()) == [
        "recording", "start_s", "end_s", "label", "value", "origin", "who", "when",
    ]  # fmt: skip
    assert labels.undo() is labels.redo() is labels.next_undo() is labels.next_redo() is None
    assert len(labels.history()) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_window_may_have_several_labels(labels):
    assert labels.assign([A, B, A], " owl ", True) == Change([A, B], "owl", True)
    labels.assign([A], "rain", True, origin="random")
    labels.assign([B], "owl", False)
    assert statements(labels) == {(A, "owl"): True, (A, "rain"): True, (B, "owl"): False}
    rows = labels.current()
    assert rows["origin"].tolist() == ["chosen", "random", "chosen"]
    assert rows["value"].dtype == bool
    assert set(rows["who"]) == {getpass.getuser()}
    age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(rows["when"][0])
    assert 0 <= age.total_seconds() < 60


def test_undo_and_redo_survive_a_restart(labels, tmp_path):
    labels.assign([A], "owl", True, origin="queue")
    labels.assign([A, B], "owl", False)
    labels = LabelTable(tmp_path)
    assert labels.next_undo() == labels.undo() == Change([A, B], "owl", False)
    assert statements(labels) == {(A, "owl"): True}
    assert labels.current()["origin"].tolist() == ["queue"], "as it was"
    labels = LabelTable(tmp_path)
    assert labels.next_redo() == labels.redo() == Change([A, B], "owl", False)
    assert labels.redo() is None
    assert statements(labels) == {(A, "owl"): False, (B, "owl"): False}


def test_a_new_step_drops_those_that_were_undone(labels):
    labels.assign([A], "owl", True)
    labels.undo()
    labels.assign([B], "owl", True)
    assert labels.redo() is None
    assert statements(labels) == {(B, "owl"): True}
    assert labels.history()["state"].tolist() == ["dropped", "done"]


def test_what_has_been_said_before_is_no_step(labels):
    assert labels.assign([A], "owl", None) is None
    labels.assign([A], "owl", True)
    assert labels.assign([A], "owl", True) is None
    assert labels.assign([], "owl", True) is None
    assert labels.assign([A, B], "owl", None) == Change([A], "owl", None)
    assert statements(labels) == {}


def test_the_history_says_what_was_before(labels):
    for value in (True, False, None):
        labels.assign([A], "owl", value)
    labels.undo()
    history = labels.history().fillna(-1)
    assert history[["value", "was", "state", "step"]].to_numpy().tolist() == [
        [1, -1, "done", 1], [0, 1, "done", 2], [-1, 0, "undone", 3],
    ]  # fmt: skip


@pytest.mark.parametrize("span", [("", 0, 1), ("a", -1, 1), ("a", 1, 1), ("a", 0, float("nan"))])
def test_a_span_is_a_part_of_a_recording(labels, span):
    with pytest.raises(ValueError, match="no part of a recording"):
        labels.assign([span], "owl", True)


def test_names_and_origins_are_checked(labels):
    with pytest.raises(LabelError):
        labels.assign([A], " ", True)
    with pytest.raises(ValueError, match="origin 'luck' is none of"):
        labels.assign([A], "owl", True, origin="luck")


def test_a_user_without_a_name_may_label(labels, monkeypatch):
    def fail():
        raise KeyError("uid not found: 1234")

    monkeypatch.setattr(getpass, "getuser", fail)
    labels.assign([A], "owl", True)
    assert labels.current()["who"].tolist() == [""]


ASSIGNMENTS = st.tuples(
    st.lists(st.sampled_from([A, B]), min_size=1),
    st.sampled_from(["owl", "rain"]),
    st.sampled_from([True, False, None]),
)


@settings(max_examples=8, deadline=None)
@given(st.lists(ASSIGNMENTS | st.sampled_from(["undo", "redo"]), max_size=10))
def test_undo_and_redo_go_through_the_states(actions):
    states, position = [{}], 0
    with tempfile.TemporaryDirectory() as folder:
        labels = LabelTable(folder)
        for action in actions:
            if action == "undo":
                assert (labels.undo() is None) == (position == 0)
                position = max(0, position - 1)
            elif action == "redo":
                assert (labels.redo() is None) == (position == len(states) - 1)
                position = min(position + 1, len(states) - 1)
            else:
                spans, label, value = action
                state = states[position] | {(span, label): value for span in spans}
                state = {key: value for key, value in state.items() if value is not None}
                labels.assign(*action)
                if state != states[position]:
                    states, position = [*states[: position + 1], state], position + 1
            assert statements(labels) == states[position]
