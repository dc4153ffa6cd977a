"""Arrays that may be larger than memory."""

import numpy as np

from soundalike.archive import large_array as module
from soundalike.archive.large_array import large_array


def test_a_large_array_is_in_a_file(monkeypatch):
    assert not isinstance(large_array(3, 2), np.memmap)
    monkeypatch.setattr(module, "MOST_BYTES_IN_MEMORY", 23)
    array = large_array(3, 2)
    assert isinstance(array, np.memmap)
    array[:] = np.arange(6).reshape(3, 2)
    assert array.sum() == 15
    assert large_array(0, 2).shape == (0, 2)
