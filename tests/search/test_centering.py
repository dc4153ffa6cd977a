"""Whether backgrounds are subtracted, and which a query has."""

import numpy as np
import pandas as pd
import pytest
import soundfile
from archives import make_records, make_rows, make_vectors

from soundalike.archive.backgrounds import Backgrounds
from soundalike.search.archive import Archive
from soundalike.search.centering import background_of, choose_centering
from soundalike.search.queries import FileQuery, QueryError, RowQuery
from soundalike.search.query_vectors import search_vector
from soundalike.search.selection import Selection

N = 60  # windows of the long recording


@pytest.fixture
def long_archive(new_archive):
    """A recording of a minute, whose windows are alike but for two events, and a short clip."""
    rows = pd.concat([make_rows(["long.wav"], N), make_rows(["clip.wav"])])
    vectors = 0.1 * make_vectors(len(rows), dim=new_archive.head.dim)
    vectors[:N] += 10 * make_vectors(1, 1, new_archive.head.dim)
    vectors[[7, 42]] += make_vectors(1, 2, new_archive.head.dim)
    with new_archive.writer() as writer:
        writer.add(rows, vectors)
        writer.finish(make_records(rows))
    return new_archive


def test_an_event_is_found_in_its_background(long_archive):
    every = {"k": 100, "all_windows": True}
    centered = long_archive.search(7, **every).set_index("id")["similarity"]
    assert centered.index[0] == 42
    assert centered.iloc[0] > 2 * centered.iloc[1:].max()
    as_they_are = long_archive.search(7, center=False, **every).set_index("id")["similarity"]
    assert as_they_are.drop([60, 61]).min() > 0.9
    assert set(centered.index) == set(as_they_are.index)
    selection = Selection(folder="", longest_s=10)
    assert sorted(long_archive.search(7, selection=selection, **every)["id"]) == [60, 61]


def test_the_default_follows_the_archive_and_the_query(long_archive, full, tmp_path):
    row, part = RowQuery(7), FileQuery(str(tmp_path / "sounds" / "long.wav"), 3.0, 4.0)
    choice = choose_centering(long_archive, [row, part], None)
    assert choice.backgrounds is long_archive.backgrounds
    assert "--center no" in choice.reason
    assert choose_centering(long_archive, [row], False).backgrounds is None
    for long in (FileQuery(str(tmp_path / "sounds" / "long.wav")), (np.ones(40 * 100), 100)):
        choice = choose_centering(long_archive, [row, long], None)
        assert choice.backgrounds is None
        assert "is a long recording" in choice.reason
        assert "--center yes" in choice.reason
        assert choose_centering(long_archive, [row, long], True).backgrounds
    assert choose_centering(long_archive, [(np.ones(100), 100)], None).backgrounds
    for center in (None, True):  # no clip is long
        choice = choose_centering(full, [row], center)
        assert (choice.backgrounds, choice.reason) == (None, "")


def test_rows_that_are_added_have_backgrounds(long_archive):
    assert len(long_archive.backgrounds) == 1
    rows = make_rows(["second.wav"], N)
    with long_archive.writer() as writer:
        writer.add(rows, make_vectors(N, dim=long_archive.head.dim))
        writer.finish(make_records(rows))
    assert len(long_archive.backgrounds) == 2
    assert len(Archive.open(long_archive.path).backgrounds) == 2


def test_a_part_of_the_archive_has_the_background_of_its_stretch(long_archive, tmp_path):
    backgrounds = long_archive.backgrounds
    path = str(tmp_path / "sounds" / "long.wav")
    for query in (RowQuery(7), FileQuery(path, 3.2, 4.1)):
        background = background_of(long_archive, query, backgrounds)
        np.testing.assert_array_equal(background, backgrounds.means[0])
    clip = FileQuery(str(tmp_path / "sounds" / "clip.wav"), 0.5, 1.5)
    for query in (RowQuery(60), clip, FileQuery(path), (np.ones(100), 100)):
        assert background_of(long_archive, query, backgrounds) is None
    _, vectors = long_archive.vectors()
    difference = vectors[7] - backgrounds.means[0]
    expected = difference / np.linalg.norm(difference)
    np.testing.assert_allclose(
        search_vector(long_archive, [RowQuery(7)], [], backgrounds), expected, atol=1e-5
    )


def test_a_part_of_another_recording_is_compared_with_what_is_around_it(
    full, tmp_path, monkeypatch
):
    for name in ("STRETCH_S", "LONG_S"):
        monkeypatch.setattr(f"soundalike.search.centering.{name}", 4.0)
    monkeypatch.setattr("soundalike.search.centering.FEWEST_ROWS", 5)
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, 10 * 22050)
    path = tmp_path / "elsewhere.wav"
    soundfile.write(path, noise, 22050)
    common = np.ones((1, full.model.dim), np.float32)
    none = np.zeros(0, int)
    backgrounds = Backgrounds(none, none, common, np.ones(1, np.float32), np.zeros(0, np.float32))
    mean = background_of(full, FileQuery(str(path), 5.5, 6.5), backgrounds)
    around = full.model.encode((noise[4 * 22050 : 8 * 22050], 22050))
    np.testing.assert_allclose(mean, around, atol=1e-4)
    last = background_of(full, FileQuery(str(path), 9.0, 10.0), backgrounds)
    np.testing.assert_allclose(last, full.model.encode((noise[6 * 22050 :], 22050)), atol=1e-3)
    soundfile.write(path, noise[: 3 * 22050], 22050)
    assert background_of(full, FileQuery(str(path), 1.0, 2.0), backgrounds) is None
    path.write_text("no sound")
    assert background_of(full, FileQuery(str(path), 1.0, 2.0), backgrounds) is None


def test_nothing_is_left_of_a_row_that_is_its_background(new_archive):
    rows = make_rows(["hum.wav"], N)
    with new_archive.writer() as writer:
        writer.add(rows, np.ones((N, new_archive.head.dim), np.float32))
        writer.finish(make_records(rows))
    with pytest.raises(QueryError, match="row 3: is like its background"):
        new_archive.search(3)
    assert len(new_archive.search(3, center=False)) == 1
