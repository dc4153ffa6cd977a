"""From sounds, parts of sounds and rows to one vector."""

import os
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

from soundalike.search.archive import Archive
from soundalike.search.centering import choose_centering
from soundalike.search.queries import FileQuery, QueryError, RowQuery
from soundalike.search.query_vectors import (
    UNLIKE_WEIGHT,
    mono_waveforms,
    queries_of,
    search_vector,
)


def unit(vector):
    return vector / np.linalg.norm(vector)


def test_a_query_may_be_written_in_many_ways(few_sounds):
    file = few_sounds / "low" / "0.wav"
    waveform = (np.ones(100), 22050)
    assert queries_of(file) == queries_of(str(file)) == [FileQuery(str(file))]
    assert queries_of(np.int64(7)) == queries_of("7") == [RowQuery(7)]
    assert queries_of([3, f"{file}@0.5-1", [RowQuery(4)]]) == [
        RowQuery(3), FileQuery(str(file), 0.5, 1.0), RowQuery(4),
    ]  # fmt: skip
    assert queries_of(waveform) == [waveform]
    assert queries_of(()) == []
    for wrong in (None, 1.5, True, 2**63, -(2**70)):
        with pytest.raises(QueryError, match="name a sound"):
            queries_of(wrong)


def test_a_row_is_its_vector(full):
    ids, vectors = full.vectors()
    for row in (0, 7):
        vector = search_vector(full, [RowQuery(int(ids[row]))], [])
        np.testing.assert_allclose(vector, unit(vectors[row]), atol=1e-6)
    with pytest.raises(QueryError, match=f"{re.escape(full.name)}: has no row 99"):
        search_vector(full, [RowQuery(99)], [])


def test_a_file_is_the_mean_of_its_windows(full, few_sounds, tmp_path):
    path = few_sounds / "high" / "7.wav"
    expected = unit(full.model.encode(path))
    shutil.copy(path, tmp_path / "copy.wav")
    for file in (path, tmp_path / "copy.wav"):
        vector = search_vector(full, [FileQuery(str(file))], [])
        np.testing.assert_allclose(vector, expected, atol=1e-5)
    waveform, rate = soundfile.read(path, dtype="float32")
    vector = search_vector(full, [(waveform, rate)], [])
    np.testing.assert_allclose(vector, expected, atol=1e-5)
    copy = str(tmp_path / "copy.wav")
    part = search_vector(full, [FileQuery(copy, 0.5, 2.0)], [])
    from_samples = search_vector(full, [(waveform[11025:44100], rate)], [])
    np.testing.assert_allclose(part, from_samples, atol=1e-4)


def test_a_part_of_a_file_of_the_archive_is_the_mean_of_its_windows(full, few_sounds, monkeypatch):
    path = str(few_sounds / "high" / "7.wav")
    archive = Archive.open(full.path)
    monkeypatch.setattr(Archive, "model", None)
    _, vectors = archive.vectors("path = 'high/7.wav' AND start_s < 1.2 AND start_s > 0.4")
    assert len(vectors) == 2
    part = search_vector(archive, [FileQuery(path, 0.49, 2.0)], [])
    np.testing.assert_allclose(part, unit(vectors.mean(axis=0)), atol=1e-5)
    (nearest,) = archive.vectors("path = 'high/7.wav' AND start_s > 0.4 AND start_s < 0.6")[1]
    part = search_vector(archive, [FileQuery(path, 0.7, 1.3)], [])
    np.testing.assert_allclose(part, unit(nearest), atol=1e-5)


def test_a_file_of_the_archive_needs_no_model_until_it_changes(full, few_sounds, monkeypatch):
    archive = Archive.open(full.path)
    path = few_sounds / "low" / "7.wav"
    monkeypatch.setattr(Archive, "model", None)
    vector = search_vector(archive, [FileQuery(str(path))], [])
    monkeypatch.undo()
    np.testing.assert_allclose(vector, unit(full.model.encode(path)), atol=1e-5)
    status = os.stat(path)
    os.utime(path, ns=(1, 1))
    monkeypatch.setattr(Archive, "model", None)
    with pytest.raises(AttributeError):
        search_vector(archive, [FileQuery(str(path))], [])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_queries_are_averaged_and_steered(full):
    ids, vectors = full.vectors()
    a, b, c = (unit(vectors[row]) for row in (0, 5, 9))
    rows = [RowQuery(int(ids[row])) for row in (0, 5, 9)]
    mean = unit(a + b)
    np.testing.assert_allclose(search_vector(full, rows[:2], []), mean, atol=1e-6)
    steered = search_vector(full, rows[:2], rows[2:])
    np.testing.assert_allclose(steered, mean - UNLIKE_WEIGHT * c, atol=1e-6)


def test_queries_that_leave_nothing_are_refused(full):
    with pytest.raises(QueryError, match="no query"):
        search_vector(full, [], [])
    waveforms = [(scale * np.sin(np.arange(22050) / 9.0), 22050) for scale in (1, 1)]
    vector = full.model.encode(waveforms[0])
    assert np.isfinite(search_vector(full, waveforms, [])).all()
    assert np.linalg.norm(vector) > 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (np.zeros(22050), "silent"),
        (np.full(22050, 0.3), "silent"),
        (np.full(100, 0.3) * np.sin(np.arange(100)), "too short"),
        (b"", "empty"),
        (b"not a sound" * 100, "not audio"),
    ],
    ids=["zeros", "offset", "short", "empty", "text"],
)
def test_what_cannot_be_searched_for_is_refused(content, reason, full, tmp_path):
    path = tmp_path / "query 'x'\n.wav"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        soundfile.write(path, content, 22050)
    with pytest.raises(QueryError, match=reason):
        search_vector(full, [FileQuery(str(path))], [])


def test_a_silent_waveform_and_a_silent_row_are_refused(new_archive, small_model, tmp_path):
    with pytest.raises(QueryError, match="a waveform: silent"):
        search_vector(new_archive, [(np.zeros(22050), 22050)], [])
    (tmp_path / "sounds").mkdir()
    silence = tmp_path / "sounds" / "silence.wav"
    soundfile.write(silence, np.zeros(22050), 22050)
    new_archive.add(silence, progress=False)
    for query in (RowQuery(0), FileQuery(str(silence))):
        with pytest.raises(QueryError, match="silent: there is nothing to search for"):
            search_vector(new_archive, [query], [])


def test_a_part_beyond_the_end_is_refused(full, few_sounds):
    path = str(few_sounds / "low" / "0.wav")
    message = r"0\.wav@50-60: outside the sound, which is 1\.00 s long: write FILE@START-END"
    with pytest.raises(QueryError, match=message):
        search_vector(full, [FileQuery(path, 50.0, 60.0)], [])


def test_waveforms_are_queries_as_encode_takes_them(full, few_sounds):
    waveform, rate = soundfile.read(few_sounds / "high" / "7.wav", dtype="int16")
    expected = full.search((waveform, rate))
    for same in (
        np.stack([waveform, waveform]),
        np.stack([waveform, waveform], axis=1),
        torch.from_numpy(waveform),
    ):
        pd.testing.assert_frame_equal(full.search((same, rate)), expected)
    assert expected["path"][0] == "high/7.wav"
    assert len(full.search((torch.from_numpy(waveform / 2**15).bfloat16(), rate)))


@pytest.mark.parametrize(
    ("waveform", "rate", "reason"),
    [
        (np.zeros(0), 22050, r"got an array \[0\]"),
        (np.full(22050, np.nan), 22050, "has NaN or infinite samples"),
        (np.ones(22050), None, "encode needs the sample_rate"),
        (np.arange(100) / 100, 22050, "0.005 s of sound: too short"),
        (np.tile(np.array([0, 1], np.int16), 11025), 22050, "silent: there is nothing"),
    ],
    ids=["empty", "not finite", "no rate", "short", "silent"],
)
def test_waveforms_that_are_no_query_are_refused(full, waveform, rate, reason):
    with pytest.raises(QueryError, match=f"a waveform: .*{reason}"):
        full.search((waveform, rate))


def test_stereo_in_rows_is_as_long_as_its_samples(full, monkeypatch):
    """Two channels in rows were taken for two samples, so a long recording for a short one."""
    monkeypatch.setattr(Archive, "backgrounds", object())
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, (2, 31 * 22050))
    (query,) = mono_waveforms(full, [(noise, 22050)])
    assert choose_centering(full, [query], None).backgrounds is None
