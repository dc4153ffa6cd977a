"""The file with labels: kills, full disks, damage, other versions."""

import errno
import os
import sqlite3

import pytest

from soundalike.archive.head import ArchiveError
from soundalike.labeling import label_database
from soundalike.labeling.label_database import LABELS, reading, writing
from soundalike.runtime.lock import InUseError


def n_steps(folder):
    with reading(folder) as connection:
        return connection and connection.execute("SELECT count(*) FROM steps").fetchone()[0]


def add_step(folder):
    with writing(folder) as connection:
        connection.execute("INSERT INTO steps (state) VALUES ('done')")


def change(folder, then):
    with writing(folder) as connection:
        connection.execute("INSERT INTO steps (state) VALUES ('done')")
        then(connection)


def fill_disk(connection):
    (n_pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {n_pages}")
    rows = [("x" * 1000,)] * 100
    connection.executemany("INSERT INTO steps (state) VALUES (?)", rows)


def test_reading_creates_no_file(tmp_path):
    assert n_steps(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_change_counts_once_it_is_committed(tmp_path):
    folder = tmp_path / "100 %? #1"
    folder.mkdir()
    add_step(folder)
    with pytest.raises(ZeroDivisionError):
        change(folder, lambda connection: 1 / 0)
    assert n_steps(folder) == 1
    assert [path.name for path in folder.iterdir()] == [LABELS]


def test_a_kill_in_the_middle_of_a_change_leaves_the_labels_as_they_were(tmp_path):
    for n_before in (0, 1):
        if not (child := os.fork()):
            with writing(tmp_path) as connection:
                connection.execute("PRAGMA cache_size = 1")  # so that some of it is on disk
                rows = [("x" * 1000,)] * 500
                connection.executemany("INSERT INTO steps (state) VALUES (?)", rows)
                os._exit(0)
        os.waitpid(child, 0)
        assert n_steps(tmp_path) in (n_before, None)
        add_step(tmp_path)
    assert n_steps(tmp_path) == 2


def test_changes_of_several_processes_all_count(tmp_path):
    children = []
    for _ in range(3):
        if not (child := os.fork()):
            for _ in range(10):
                add_step(tmp_path)
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert n_steps(tmp_path) == 30


def test_a_change_waits_for_another_one_and_gives_up_with_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(label_database, "PATIENCE_S", 0.05)
    with (
        writing(tmp_path),
        pytest.raises(InUseError, match="another process has been writing"),
        writing(tmp_path),
    ):
        pass


@pytest.mark.parametrize("n_bytes", [0, 50, 5000])
def test_a_damaged_file_is_one_plain_line(tmp_path, n_bytes):
    add_step(tmp_path)
    path = tmp_path / LABELS
    path.write_bytes(path.read_bytes()[:n_bytes] + b"damage" * 1000)
    with pytest.raises(ArchiveError, match="put back a copy of it") as error:
        n_steps(tmp_path)
    assert "\n" not in str(error.value)


def test_a_message_of_sqlite_that_is_no_text_is_one_plain_line(tmp_path):
    add_step(tmp_path)
    path = tmp_path / LABELS
    path.write_bytes(path.read_bytes().replace(b"CREATE", b"CR\xbaATE"))
    with pytest.raises(ArchiveError, match="put back a copy of it"):
        n_steps(tmp_path)


def test_labels_of_a_newer_format_and_files_of_others_are_refused(tmp_path):
    add_step(tmp_path)
    with sqlite3.connect(tmp_path / LABELS) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(ArchiveError, match=r"labels of format 2, .* update soundalike"):
        n_steps(tmp_path)
    with pytest.raises(ArchiveError, match="update soundalike"):
        add_step(tmp_path)
    with sqlite3.connect(tmp_path / LABELS) as connection:
        connection.execute("PRAGMA application_id = 7")
    with pytest.raises(ArchiveError, match="no labels of soundalike"):
        n_steps(tmp_path)


def test_a_full_disk_is_said_and_changes_nothing(tmp_path):
    add_step(tmp_path)
    with pytest.raises(OSError, match=LABELS) as error:
        change(tmp_path, fill_disk)
    assert error.value.errno == errno.ENOSPC
    assert n_steps(tmp_path) == 1


def test_a_folder_that_may_not_be_written_is_said(tmp_path):
    with pytest.raises(OSError, match="Permission denied") as error:
        add_step(tmp_path / "gone")
    assert error.value.errno == errno.EACCES
