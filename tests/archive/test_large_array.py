"""Arrays that may be larger than memory."""

import os
import subprocess
import sys

import numpy as np
import pytest

from soundalike.archive import large_array as module
from soundalike.archive.large_array import large_array, reordered


def test_a_large_array_is_in_a_file(monkeypatch):
    assert not isinstance(large_array(3, 2), np.memmap)
    monkeypatch.setattr(module, "MOST_BYTES_IN_MEMORY", 23)
    array = large_array(3, 2)
    assert isinstance(array, np.memmap)
    array[:] = np.arange(6).reshape(3, 2)
    assert array.sum() == 15
    assert large_array(0, 2).shape == (0, 2)


def test_another_order_is_of_the_same_kind(monkeypatch):
    order = np.array([2, 0, 1])
    for kind in (np.ndarray, np.memmap):
        array = large_array(3, 2)
        array[:] = np.arange(6).reshape(3, 2)
        result = reordered(array, order)
        assert type(result) is type(array) is kind
        np.testing.assert_array_equal(result, [[4, 5], [0, 1], [2, 3]])
        monkeypatch.setattr(module, "MOST_BYTES_IN_MEMORY", 0)


FILL = """
from soundalike.archive import large_array as module
module.MOST_BYTES_IN_MEMORY = 0
for n_rows in (10, 100_000):
    module.large_array(n_rows, 8)[:] = 1
"""


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount a file system"
)
def test_a_disk_without_room_is_an_error_and_no_crash(tmp_path):
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        process = subprocess.run(
            [sys.executable, "-c", FILL],
            env=os.environ | {"TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
        )
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)
    assert process.returncode == 1, process.stderr
    assert f"No space left on device: '{tmp_path} (TMPDIR)'" in process.stderr
