"""An output is claimed before the work, and refused where it would be lost."""

import os

import pytest

from soundalike.datasets.clips import SourceError
from soundalike.embedding.output_file import check_output, claimed_file
from soundalike.runtime import lock
from soundalike.runtime.lock import InUseError


def test_its_folder_is_made_and_an_existing_file_stays(tmp_path):
    path = tmp_path / "deep" / "er" / "a.csv"
    with claimed_file(path, [".csv"]):
        assert path.parent.is_dir()
        path.write_text("old")
    with pytest.raises(ZeroDivisionError), claimed_file(path, [".csv"]):
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert len(list(path.parent.iterdir())) == 1


def test_what_a_killed_run_left_is_removed(tmp_path):
    (tmp_path / "a.csv.123.partial").write_text("half")
    with claimed_file(tmp_path / "a.csv", [".csv"]):
        assert [path.name for path in tmp_path.iterdir()] == ["a.csv.lock"]


def test_a_file_that_another_run_is_writing_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE_S", 0.0)
    with claimed_file(tmp_path / "a.csv", [".csv"]):
        (tmp_path / "a.csv.123.partial").write_text("theirs")
        with (
            pytest.raises(InUseError, match="another run"),
            claimed_file(tmp_path / "a.csv", [".csv"]),
        ):
            pass
        assert (tmp_path / "a.csv.123.partial").exists()


def test_a_folder_and_a_pipe_are_refused_and_stay(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, message in ((tmp_path, "is a folder"), (tmp_path / "pipe", "is not a regular file")):
        match = f"{message}: name the .csv file"
        with pytest.raises(SourceError, match=match), claimed_file(path, [".csv"]):
            pass
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize(("name", "actual"), [("a.txt", ".txt"), ("a", "no suffix")])
def test_another_suffix_is_refused(name, actual, tmp_path):
    with pytest.raises(SourceError, match=f"{actual}: name a .parquet, .csv or .npy file"):
        check_output(tmp_path / name, [".parquet", ".csv", ".npy"])
    assert check_output(tmp_path / "a.CSV", [".parquet", ".csv"]) is None
