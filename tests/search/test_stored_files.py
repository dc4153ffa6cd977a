"""Files that an archive holds."""

import os
import shutil

from soundalike.search.queries import FileQuery
from soundalike.search.stored_files import rows_of_file, rows_of_unchanged_file


def test_rows_of_a_file(full, few_sounds):
    query = FileQuery(str(few_sounds / "low" / "7.wav"), 0.5, 1.0)
    assert set(full.rows(where=rows_of_file(full, query))["path"]) == {"low/7.wav"}


def test_only_a_whole_file_that_has_not_changed_is_looked_up(new_archive, sounds, tmp_path):
    new_archive.add(sounds / "low", progress=False)
    path = sounds / "low" / "7.wav"
    where = rows_of_unchanged_file(new_archive, FileQuery(str(path)))
    assert set(new_archive.rows(where=where)["path"]) == {"low/7.wav"}
    assert rows_of_unchanged_file(new_archive, FileQuery(str(path), 0.0, 1.0)) is None
    copy = shutil.copy(path, tmp_path)
    assert rows_of_unchanged_file(new_archive, FileQuery(str(copy))) is None
    os.utime(path, ns=(1, 1))
    assert rows_of_unchanged_file(new_archive, FileQuery(str(path))) is None
