"""The best rows."""

import numpy as np
import pytest
from archives import DIM, add_clips, make_records, make_rows, make_vectors, replace_clip

from soundalike.archive.head import Head
from soundalike.archive.index import open_index
from soundalike.archive.window_archive import WindowArchive
from soundalike.search import hits
from soundalike.search.hits import best_rows


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    archive = WindowArchive.create(tmp_path_factory.mktemp("some") / "archive", Head(DIM, "m"))
    names = [f"{number}.wav" for number in range(12)]
    add_clips(archive, names, n_windows=20)
    add_clips(archive, ["copy of 3.wav"], seed=1, n_windows=20, recording="hash of 3.wav")
    return archive


def by_definition(archive, vector, k, all_windows, without):
    ids, vectors = archive.vectors()
    cosines = vectors @ vector / np.linalg.norm(vectors, axis=1) / np.linalg.norm(vector)
    recordings = archive.rows()["recording"]
    results, recordings_so_far = [], set()
    for row in np.argsort(-cosines):
        if ids[row] in without or (not all_windows and recordings[row] in recordings_so_far):
            continue
        recordings_so_far.add(recordings[row])
        results.append(ids[row])
    return results[:k]


@pytest.mark.parametrize("few_rows", [0, 2000])
@pytest.mark.parametrize("all_windows", [False, True])
@pytest.mark.parametrize("k", [1, 5, 100, 1000])
def test_the_best_windows_or_the_best_of_each_recording(
    k, all_windows, few_rows, archive, monkeypatch
):
    monkeypatch.setattr(hits, "FEW_ROWS", few_rows)
    vector = np.random.default_rng(k).standard_normal(DIM).astype(np.float32)
    without = {int(open_index(archive).nearest(vector, 1).ids[0])}
    rows = best_rows(
        archive, open_index(archive), vector, k, all_windows=all_windows, without=without
    )
    assert rows["id"].tolist() == by_definition(archive, vector, k, all_windows, without)
    assert list(rows)[:2] == ["similarity", "id"]
    assert (np.diff(rows["similarity"]) <= 0).all()


@pytest.mark.parametrize("few_rows", [0, 2000])
@pytest.mark.parametrize("all_windows", [False, True])
def test_silence_is_like_nothing(all_windows, few_rows, tmp_path, monkeypatch):
    monkeypatch.setattr(hits, "FEW_ROWS", few_rows)
    archive = WindowArchive.create(tmp_path / "archive", Head(DIM, "m"))
    add_clips(archive, ["a.wav", "b.wav"], n_windows=2)
    add_clips(archive, ["silent.wav"], seed=1, n_windows=20, peak_db=-90.0)
    _, vectors = archive.vectors("path = 'silent.wav'")
    rows = best_rows(archive, open_index(archive), vectors[0], 9, all_windows=all_windows)
    assert sorted(set(rows["path"])) == ["a.wav", "b.wav"]


def test_an_empty_selection_has_no_hits(archive):
    index = open_index(archive, "label = 'none'")
    assert best_rows(archive, index, np.ones(DIM, np.float32), 5).empty


@pytest.mark.parametrize("few_rows", [0, 2000])
@pytest.mark.parametrize("k", [1, 7, 100])
def test_windows_that_overlap_with_a_better_one_are_left_out(k, few_rows, tmp_path, monkeypatch):
    monkeypatch.setattr(hits, "FEW_ROWS", few_rows)
    archive = WindowArchive.create(tmp_path / "archive", Head(DIM, "m"))
    rows = make_rows(["a.wav", "b.wav"], 30)
    rows["end_s"] += 1.5  # windows of 2.5 s, one every second
    vectors = make_vectors(len(rows))
    with archive.writer() as writer:
        writer.add(rows, vectors)
        writer.finish(make_records(rows))
    vector = np.random.default_rng(k).standard_normal(DIM).astype(np.float32)
    ids, _ = open_index(archive).nearest(vector, 1000)
    best, results = int(ids[0]), []
    for row in ids.tolist():  # by definition
        if not any(
            row // 30 == other // 30 and abs(row - other) < 2.5 for other in [best, *results]
        ):
            results.append(row)
    settings = {"all_windows": True, "distinct": True, "without": {best}}
    assert (
        best_rows(archive, open_index(archive), vector, k, **settings)["id"].tolist() == results[:k]
    )


@pytest.mark.parametrize("few_rows", [0, 2000])
def test_rows_that_have_been_replaced_since_are_left_out(few_rows, tmp_path, monkeypatch):
    monkeypatch.setattr(hits, "FEW_ROWS", few_rows)
    archive = WindowArchive.create(tmp_path / "archive", Head(DIM, "m"))
    vectors = add_clips(archive, ["a.wav", "b.wav", "c.wav"])
    index = open_index(archive)
    replace_clip(archive.path, "b.wav")
    rows = best_rows(archive, index, vectors[2], 6, all_windows=True)
    assert sorted(rows["id"]) == [0, 1, 4, 5]
    cosines = vectors @ vectors[2] / np.linalg.norm(vectors, axis=1) / np.linalg.norm(vectors[2])
    assert rows["similarity"].to_numpy() == pytest.approx(cosines[rows["id"]], abs=1e-6)
