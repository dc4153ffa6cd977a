"""Decisions about the labels of an audit."""

import os
import signal
import threading

import pytest
from audited import FIRST, LABELS, SEA, SECOND, THIRD, WIND, halve, write_audit

from soundalike.audit.decisions import DecisionError, Decisions
from soundalike.audit.labels_text import read_rows
from soundalike.labeling.label_name import LabelError
from soundalike.runtime.lock import InUseError


@pytest.fixture
def decisions(tmp_path):
    return Decisions(write_audit(tmp_path / "audit") / "labels.csv")


@pytest.fixture
def decide(decisions):
    """Return a function that decides about a row, and returns what is in the file."""

    def decide(number, *decision):
        mark, _ = decisions.table.rows()
        decisions.decide(mark, number, *decision)
        row = read_rows(decisions.table.path).loc[number]
        return row["decision"], row["new_label"]

    return decide


def undo(decisions):
    mark, _ = decisions.table.rows()
    return decisions.undo(mark)


def test_a_decision_is_in_the_file(decide):
    assert decide(FIRST, "keep") == ("keep", "")
    assert decide(SECOND, "relabel") == ("relabel", "sea"), "the suggestion of that moment"
    assert decide(THIRD, "relabel", " big  hail ") == ("relabel", "big hail")
    assert decide(SEA, "relabel", "rain; sea") == ("relabel", "rain;sea")
    assert decide(WIND, "drop") == ("drop", "")
    assert decide(THIRD, "") == ("", "")


def test_relabeling_with_the_same_label_keeps_it(decide):
    assert decide(FIRST, "relabel", "rain") == ("keep", "")


def test_classes_stay_as_the_table_writes_them(tmp_path):
    """On macOS, folders that name classes may have decomposed letters."""
    decomposed = "me\u0301sange"
    labels = LABELS.replace(",sea,", f",{decomposed},").replace("wind", "[wind]")
    decisions = Decisions(write_audit(tmp_path / "audit", labels) / "labels.csv")
    mark, _ = decisions.table.rows()
    decisions.decide(mark, FIRST, "relabel")
    decisions.decide(mark, SECOND, "relabel", "m\u00e9sange")
    decisions.decide(mark, THIRD, "relabel", f"{decomposed}; [wind]")
    decisions.decide(mark, SEA, "relabel", "m\u00e9sange")
    rows = read_rows(decisions.table.path)
    assert rows["new_label"][[FIRST, SECOND]].tolist() == [decomposed, decomposed]
    assert rows["new_label"][THIRD] == f"{decomposed};[wind]"
    assert rows["decision"][SEA] == "keep"


def test_steps_are_taken_back_one_after_the_other(decisions, decide):
    decide(FIRST, "relabel")
    decide(FIRST, "drop")
    decide(FIRST, "drop")  # no step: nothing changes
    decide(SECOND, "keep")
    assert [undo(decisions) for _ in range(2)] == [SECOND, FIRST]
    row = read_rows(decisions.table.path).loc[FIRST]
    assert (row["decision"], row["new_label"]) == ("relabel", "sea")
    assert [undo(decisions) for _ in range(2)] == [FIRST, None]
    assert decisions.table.path.read_text(encoding="utf-8").splitlines() == LABELS.splitlines()


def test_steps_about_another_table_are_not_taken_back(decisions, decide):
    decide(FIRST, "keep")
    decisions.table.path.write_text(LABELS.replace("rain/1", "rain/9"), encoding="utf-8")
    assert undo(decisions) is None


@pytest.mark.parametrize(
    ("number", "decision", "error", "message"),
    [
        (FIRST, ("wrong",), DecisionError, "'wrong' is none of keep, relabel, drop"),
        (WIND, ("relabel",), DecisionError, "choose one, or drop the clip"),
        (FIRST, ("relabel", "a\0b"), LabelError, "can be printed"),
        (FIRST, ("relabel", "rain;"), LabelError, "is empty"),
    ],
    ids=["word", "no suggestion", "letters", "blank"],
)
def test_nonsense_is_refused_and_writes_nothing(
    decisions, decide, number, decision, error, message
):
    with pytest.raises(error, match=message):
        decide(number, *decision)
    assert decisions.table.path.read_text(encoding="utf-8") == LABELS


def test_probabilities_of_the_undecided_are_learned(decisions, decide):
    decide(FIRST, "keep")
    assert decisions.learn(halve) == 6
    rows = read_rows(decisions.table.path)
    assert rows["p_wrong"].tolist() == [0.98, 0.455, 0.35, 0.275, 0.05, 0.025, 0.005]
    assert rows["suggested"].tolist() == ["sea"] + ["hail"] * 6
    assert rows["decision"].tolist() == ["keep"] + [""] * 6


def test_what_is_decided_while_it_learns_is_left_alone(decisions, decide):
    def refit(rows):
        decide(SECOND, "drop")
        with pytest.raises(InUseError, match="already"):
            decisions.learn(halve)
        return halve(rows)[["p_wrong"]]

    assert decisions.learn(refit) == 6
    rows = read_rows(decisions.table.path)
    assert rows.loc[[FIRST, SECOND], "p_wrong"].tolist() == [0.49, 0.91]
    assert rows.loc[SECOND, "suggested"] == "sea"
    assert decisions.learn(halve) == 6, "it can learn again"


def test_pages_that_decide_at_once_lose_nothing(decisions):
    mark, _ = decisions.table.rows()
    threads = [
        threading.Thread(target=decisions.decide, args=(mark, number, "keep"))
        for number in range(7)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_rows(decisions.table.path)["decision"].tolist() == ["keep"] * 7


def test_a_kill_loses_the_decision_that_is_being_written_and_no_other(decisions, decide):
    path = decisions.table.path
    decide(FIRST, "keep")
    before = path.read_bytes()
    if not (child := os.fork()):
        os.replace = lambda *paths: os.kill(os.getpid(), signal.SIGKILL)
        decide(SECOND, "drop")
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert path.read_bytes() == before
    assert list(path.parent.glob("*.partial"))
    again = Decisions(path)
    again.decide(again.table.rows()[0], SECOND, "drop")
    assert read_rows(path)["decision"].tolist()[:3] == ["keep", "drop", ""]
    assert not list(path.parent.glob("*.partial"))
