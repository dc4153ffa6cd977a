"""Numbers and rows as the server writes them."""

import numpy as np

from soundalike.explore.answers import numbers, plain


def test_a_row_has_only_values_that_json_has():
    row = {"id": np.int64(3), "peak_db": np.float32(-np.inf), "label": "owl", "end_s": 1.5}
    assert plain(row) == {"id": 3, "peak_db": None, "label": "owl", "end_s": 1.5}


def test_numbers_are_the_bytes_of_the_array():
    values = np.arange(6, dtype="<u2").reshape(2, 3)
    assert numbers(values.T).body == np.ascontiguousarray(values.T).tobytes()
