"""The sounds of queries."""

import numpy as np
import pytest

from soundalike.search.queries import FileQuery, RowQuery
from soundalike.search.query_sounds import LONGEST_S, QuerySound, query_sounds


def test_rows_files_and_parts_of_files_have_sounds(full, few_sounds, write_sound, tmp_path):
    row = full.rows([3]).iloc[0]
    file = str(write_sound(tmp_path / "a.wav", 2.5))
    queries = [RowQuery(3), FileQuery(file), FileQuery(file, 0.5, 1.5), (np.ones(100), 100)]
    assert query_sounds(full, queries) == [
        QuerySound(
            f"row 3: {row['path']}", str(few_sounds / row["path"]), row["start_s"], row["end_s"]
        ),
        QuerySound(file, file, 0.0, pytest.approx(2.5)),
        QuerySound(f"{file}@0.5-1.5", file, 0.5, 1.5),
    ]


def test_of_a_long_query_the_start_is_heard(full, tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_text("no sound")
    for query, start_s in (FileQuery(str(broken)), 0), (FileQuery(str(broken), 5, 500), 5):
        (sound,) = query_sounds(full, [query])
        assert (sound.start_s, sound.end_s) == (start_s, start_s + LONGEST_S)
