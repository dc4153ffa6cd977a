"""Files are either complete or absent."""

import os
import subprocess
import sys

import pytest

from soundalike.runtime.atomic import (
    atomic_write,
    flush_folder,
    remove_partial_files,
    write_json,
    write_text,
)


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "whole.txt"
    with atomic_write(path) as beside:
        beside.write_text("half")
        assert not path.exists()
    assert path.read_text() == "half"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform != "linux", reason="names open files by /proc")
def test_a_file_is_on_the_disk_before_its_name_and_both_before_the_end(tmp_path, monkeypatch):
    """So that after a power failure there is the old file or the new one, and not an empty one."""
    events, rename = [], os.replace

    def fsync(descriptor):
        events.append(os.readlink(f"/proc/self/fd/{descriptor}"))

    def replace(source, target):
        events.append("renamed")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    with atomic_write(tmp_path / "whole.txt") as beside:
        beside.write_text("whole")
    assert events == [str(beside), "renamed", str(tmp_path)]


@pytest.mark.parametrize("error", [OSError(28, "No space left"), KeyboardInterrupt(), ValueError()])
def test_a_failure_leaves_the_old_file(tmp_path, error):
    path = tmp_path / "whole.txt"
    path.write_text("old")

    def write_and_fail():
        with atomic_write(path) as beside:
            beside.write_text("new")
            raise error

    with pytest.raises(type(error)):
        write_and_fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_names_the_file(tmp_path):
    with pytest.raises(OSError, match=r"whole\.txt"), atomic_write(tmp_path / "whole.txt"):
        raise OSError(28, "No space left on device")


def test_processes_that_write_the_same_file_do_not_mix(tmp_path):
    """The later rename wins; the file is that of one of the two."""
    script = "import sys; from pathlib import Path; from soundalike.runtime.atomic import *\n"
    script += "with atomic_write(Path(sys.argv[1])) as path: path.write_text('theirs')"
    with atomic_write(tmp_path / "a") as path:
        path.write_text("ours")
        subprocess.run([sys.executable, "-c", script, tmp_path / "a"], check=True)
        assert (tmp_path / "a").read_text() == "theirs"
    assert (tmp_path / "a").read_text() == "ours"
    assert len(list(tmp_path.iterdir())) == 1


def test_what_killed_processes_left_is_removed(tmp_path):
    (tmp_path / "inside").mkdir()
    for path in (tmp_path / "a.csv.123.partial", tmp_path / "inside" / "b.4.partial"):
        path.write_text("half")
    (tmp_path / "a.csv").write_text("whole")
    remove_partial_files(tmp_path)
    assert {path.name for path in tmp_path.rglob("*")} == {"a.csv", "inside"}


def test_what_killed_processes_left_of_one_file_is_removed(tmp_path):
    left = {"a[1].csv.12.partial", "a[1].csv.7.partial"}
    others = {"a[1].csv", "a1.csv.12.partial", "a[1].csv.part.partial", "b.csv.12.partial"}
    for name in left | others:
        (tmp_path / name).write_text("")
    remove_partial_files(tmp_path / "a[1].csv")
    assert {path.name for path in tmp_path.iterdir()} == others
    remove_partial_files(tmp_path / "gone" / "a.csv")


def test_text_keeps_its_characters_and_line_ends(tmp_path):
    write_text(tmp_path / "a.csv", "Bänke\r\n\n")
    assert (tmp_path / "a.csv").read_bytes() == "Bänke\r\n\n".encode()


def test_json_is_indented(tmp_path):
    write_json(tmp_path / "a.json", {"n": 1, "names": ["x"]})
    assert (tmp_path / "a.json").read_text() == '{\n "n": 1,\n "names": [\n  "x"\n ]\n}\n'


def test_json_that_cannot_be_written_leaves_the_old_file(tmp_path):
    write_json(tmp_path / "a.json", 1)
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {1j})
    assert (tmp_path / "a.json").read_text() == "1\n"
    assert len(list(tmp_path.iterdir())) == 1


def test_an_error_without_a_number_names_the_file(tmp_path):
    """As NumPy has it for a full disk."""
    with (
        pytest.raises(OSError, match=r"whole\.npy cannot be written \(9 requested and 4 written\)"),
        atomic_write(tmp_path / "whole.npy"),
    ):
        raise OSError("9 requested and 4 written")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="names open files by /proc")
def test_files_of_other_programs_are_flushed_once(tmp_path, monkeypatch):
    flushed = []
    monkeypatch.setattr(
        os, "fsync", lambda number: flushed.append(os.readlink(f"/proc/self/fd/{number}"))
    )
    folder = tmp_path / "table"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "a").write_text("a")
    before = flush_folder(folder, {})
    assert flushed == [str(path) for path in (folder / "data" / "a", folder / "data", tmp_path)]
    flushed.clear()
    (folder / "data" / "b").write_text("b")
    assert flush_folder(folder, before).keys() == {folder / "data" / "a", folder / "data" / "b"}
    assert flushed == [str(folder / "data" / "b"), str(folder / "data")]
