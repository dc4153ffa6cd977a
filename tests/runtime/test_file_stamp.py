"""Size and time of a file."""

import os

from soundalike.runtime.file_stamp import UNKNOWN, file_stamp


def test_a_stamp_is_size_and_time(tmp_path):
    assert file_stamp(str(tmp_path / "x")) == UNKNOWN
    (tmp_path / "x").write_bytes(b"four")
    os.utime(tmp_path / "x", ns=(0, 5_000_000_000))
    assert file_stamp(str(tmp_path / "x")) == (4, 5_000_000_000)
