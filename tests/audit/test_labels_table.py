"""A table that pages and other programs change."""

import os

import pytest
from audited import FIRST, LABELS, SECOND, THIRD, write_audit

from soundalike.audit.labels_table import LabelsTable, Mark, OutdatedError
from soundalike.audit.labels_text import TableError, read_rows
from soundalike.explore.sounds import NoSuchRowError
from soundalike.runtime import lock
from soundalike.runtime.lock import InUseError, locked


@pytest.fixture
def table(tmp_path):
    return LabelsTable(write_audit(tmp_path / "audit") / "labels.csv")


def edit(table, old, new):
    """Change the file as another program does."""
    text = table.path.read_text(encoding="utf-8").replace(old, new)
    table.path.write_text(text, encoding="utf-8", newline="")
    os.utime(table.path, ns=(0, os.stat(table.path).st_mtime_ns + 1))


def test_a_page_is_told_what_has_changed_since(table):
    mark, _ = table.rows()
    with table.writing(mark):
        table.write({FIRST: {"decision": "keep"}})
    later, rows = table.changed_since(mark)
    assert rows["decision"].to_dict() == {FIRST: "keep"}
    assert table.changed_since(later)[1].empty
    with table.writing(mark):  # by a page that does not know of it
        table.write({SECOND: {"decision": "drop"}, THIRD: {"decision": "drop"}})
    assert [*table.changed_since(mark)[1].index] == [FIRST, SECOND, THIRD]
    assert [*table.changed_since(later)[1].index] == [SECOND, THIRD]


def test_what_another_program_changes_stays_and_is_told(table):
    mark, _ = table.rows()
    edit(table, "0.91,,", "0.91,drop,")
    with table.writing(mark):
        table.write({FIRST: {"decision": "keep"}})
    assert table.changed_since(mark)[1]["decision"].to_dict() == {FIRST: "keep", SECOND: "drop"}
    assert read_rows(table.path).loc[[FIRST, SECOND], "decision"].tolist() == ["keep", "drop"]


def test_a_page_of_another_table_is_refused(table):
    mark, _ = table.rows()
    edit(table, "sea/1", "sea/9")
    for act in (table.changed_since, lambda mark: table.writing(mark).__enter__()):
        with pytest.raises(OutdatedError, match="has been written anew"):
            act(mark)
    mark, rows = table.rows()
    assert rows.loc[THIRD, "path"] == "sea/9.wav"
    with pytest.raises(OutdatedError):
        table.changed_since(Mark(mark.table, 1))  # of a later moment than this server knows


def test_a_table_that_becomes_unreadable_is_said_until_it_is_put_back(table):
    mark, _ = table.rows()
    edit(table, "decision", "nothing")
    with pytest.raises(TableError, match="no column 'decision'"), table.writing(mark):
        pass
    edit(table, "nothing", "decision")
    assert table.changed_since(mark)[0] == mark


def test_nothing_is_changed_if_the_file_cannot_be_written(table, monkeypatch):
    def fail(*paths):
        raise OSError(28, "full")

    mark, _ = table.rows()
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with table.writing(mark), pytest.raises(OSError, match="full"):
            table.write({FIRST: {"decision": "keep"}})
    assert table.changed_since(mark)[1].empty
    assert table.path.read_text(encoding="utf-8") == LABELS
    assert sorted(path.name for path in table.path.parent.iterdir()) == [
        "evidence.parquet", "labels.csv",
    ]  # fmt: skip


def test_a_run_that_is_at_work_in_the_folder_is_said(table, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE_S", 0)
    mark, _ = table.rows()
    with locked(table.path.parent):
        with pytest.raises(InUseError, match="another run is at work"), table.writing(mark):
            pass
        with pytest.raises(InUseError):
            LabelsTable(table.path)


def test_what_a_killed_server_left_is_removed(tmp_path):
    folder = write_audit(tmp_path / "audit")
    (folder / "labels.csv.123.partial").touch()
    LabelsTable(folder / "labels.csv")
    assert not list(folder.glob("*.partial"))


@pytest.mark.parametrize("number", [-1, 7])
def test_there_is_no_other_row(table, number):
    with pytest.raises(NoSuchRowError, match="reload the page"):
        table.row(number)
