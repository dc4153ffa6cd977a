"""Files that an archive holds."""

import os
import shutil

import numpy as np
import pandas as pd
import pytest
from archives import make_records, make_rows, make_vectors

from soundalike.runtime.file_stamp import file_stamp
from soundalike.search.queries import FileQuery
from soundalike.search.stored_files import rows_of_file, rows_of_query, rows_of_unchanged_file

N = 8  # windows of 2 s, one every second, of the recording


def test_rows_of_a_file(full, few_sounds):
    query = FileQuery(str(few_sounds / "low" / "7.wav"), 0.5, 1.0)
    assert set(full.rows(where=rows_of_file(full, query))["path"]) == {"low/7.wav"}


def test_only_a_whole_file_that_has_not_changed_is_looked_up(new_archive, sounds, tmp_path):
    new_archive.add(sounds / "low", progress=False)
    path = sounds / "low" / "7.wav"
    where = rows_of_unchanged_file(new_archive, FileQuery(str(path)))
    assert set(new_archive.rows(where=where)["path"]) == {"low/7.wav"}
    copy = shutil.copy(path, tmp_path)
    assert rows_of_unchanged_file(new_archive, FileQuery(str(copy))) is None
    part = FileQuery(str(path), 0.0, 1.1)
    assert rows_of_query(new_archive, part)
    os.utime(path, ns=(1, 1))
    for query in (FileQuery(str(path)), part):
        assert rows_of_query(new_archive, query) is None


@pytest.fixture
def recording(new_archive, sounds):
    """An archive of a recording of 9 s and of a clip that is one window, and the folder."""
    rows = pd.concat([make_rows(["before.wav"], 3), make_rows(["long.wav"], N)])
    rows.loc[rows["path"] == "long.wav", "end_s"] += 1.0
    rows = pd.concat([rows, make_rows(["clip.wav"], 1)])
    records = make_records(rows)
    for name in records["path"]:
        (sounds / name).write_bytes(b"sound")
    stamps = [file_stamp(sounds / name) for name in records["path"]]
    records[["size", "mtime_ns"]] = np.array(stamps)
    with new_archive.writer() as writer:
        writer.add(rows, make_vectors(len(rows), dim=new_archive.head.dim))
        writer.finish(records)
    return new_archive, sounds


@pytest.mark.parametrize(
    ("start_s", "end_s", "windows"),
    [
        (3.0, 5.0, [3]),
        (2.996, 5.0, [3]),
        (2.5, 6.1, [3, 4]),
        (4.2, 5.1, [4]),  # windows 3 and 4 hold most of it; the middle of 4 is nearer
        (4.1, 5.9, [4]),
        (0.0, 9.0, list(range(N))),
        (4.0, 4.5, None),  # a quarter of a window
        (8.0, 12.0, None),  # mostly after the end
    ],
)
def test_a_part_of_a_recording_is_the_windows_that_stand_for_it(start_s, end_s, windows, recording):
    archive, sounds = recording
    where = rows_of_query(archive, FileQuery(str(sounds / "long.wav"), start_s, end_s))
    if windows is None:
        assert where is None
        return
    rows = archive.rows(where=where)
    assert set(rows["path"]) == {"long.wav"}
    assert rows["start_s"].tolist() == windows


def test_a_part_of_a_single_window_is_embedded_by_itself(recording):
    archive, sounds = recording
    assert rows_of_query(archive, FileQuery(str(sounds / "clip.wav"), 0.0, 0.9)) is None
    assert rows_of_query(archive, FileQuery(str(sounds / "clip.wav"))) is not None


def test_a_file_whose_embedding_was_interrupted_is_not_looked_up(recording):
    archive, sounds = recording
    path = sounds / "long.wav"
    assert rows_of_unchanged_file(archive, FileQuery(str(path)))
    with archive.writer() as writer:
        records = archive.clips("path = 'long.wav'").drop(columns="next_id")
        writer.finish(records.assign(is_complete=False))
    assert rows_of_unchanged_file(archive, FileQuery(str(path))) is None
    assert rows_of_query(archive, FileQuery(str(path), 3.0, 5.0)) is None
