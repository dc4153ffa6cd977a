"""Size and time of a file."""

import os
import time

import pytest

from soundalike.runtime.file_stamp import UNKNOWN, file_stamp, settled_stamp


def test_a_stamp_is_size_and_time(tmp_path):
    assert file_stamp(str(tmp_path / "x")) == UNKNOWN
    (tmp_path / "x").write_bytes(b"four")
    os.utime(tmp_path / "x", ns=(0, 5_000_000_000))
    assert file_stamp(str(tmp_path / "x")) == (4, 5_000_000_000)


@pytest.mark.parametrize("ahead_ns", [0, 10_000_000])
def test_a_settled_stamp_is_older_than_any_change_that_follows(ahead_ns, tmp_path):
    """All changes of a clock's step have one time: those before the next step must be over."""
    path, step_ns = tmp_path / "x", 20_000_000
    path.write_bytes(b"four")
    os.utime(path, ns=(0, time.time_ns() + ahead_ns))
    stamp = settled_stamp(str(path))
    assert stamp == file_stamp(str(path))
    assert time.time_ns() - stamp[1] > step_ns


def test_a_settled_stamp_of_whole_seconds_is_two_of_them_old(tmp_path):
    second_ns = time.time_ns() // 10**9 * 10**9
    (tmp_path / "x").touch()
    os.utime(tmp_path / "x", ns=(0, second_ns))
    assert settled_stamp(str(tmp_path / "x")) == (0, second_ns)
    assert time.time_ns() - second_ns > 2 * 10**9


def test_stamps_of_old_files_and_of_those_from_the_future_take_no_time(tmp_path):
    assert settled_stamp(str(tmp_path / "x")) == UNKNOWN
    (tmp_path / "x").touch()
    for time_ns in (0, 1, time.time_ns() + 3600 * 10**9):
        os.utime(tmp_path / "x", ns=(0, time_ns))
        assert settled_stamp(str(tmp_path / "x")) == (0, time_ns)
