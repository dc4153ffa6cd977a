"""How windows vary around their backgrounds, and queries in which that counts less."""

import numpy as np
import pandas as pd
import pytest
from archives import DIM, add_clips, make_records, make_rows, make_vectors

from soundalike.archive import stored_arrays
from soundalike.archive import variation as module
from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.head import Head
from soundalike.archive.variation import FILE, SHRINKAGE, Variation, variation_of
from soundalike.archive.window_archive import WindowArchive

N = 120


@pytest.fixture
def windy(tmp_path, monkeypatch):
    """An archive of a recording of two minutes that varies along one axis, and of a clip."""
    monkeypatch.setattr(module, "FEWEST_ROWS", 30)
    archive = WindowArchive.create(tmp_path / "archive", Head(DIM, "m"))
    rows = pd.concat([make_rows(["long.wav"], N), make_rows(["clip.wav"], 2)])
    vectors = make_vectors(len(rows))
    vectors[:, 0] *= 30
    vectors[N // 2 :, 1] += 100  # another background in the second minute
    with archive.writer() as writer:
        writer.add(rows, vectors)
        writer.finish(make_records(rows))
    return archive, vectors


def test_it_is_the_covariance_around_the_means_of_stretches(windy):
    archive, vectors = windy
    halves = vectors[: N // 2], vectors[N // 2 : N]
    expected = sum(np.cov(half.T, bias=True) for half in halves) / 2
    variation = Variation.of(archive, Backgrounds.of(archive))
    np.testing.assert_allclose(variation.covariance, expected, rtol=1e-3, atol=1e-2)
    assert variation.fits(DIM)
    assert not variation.fits(DIM + 1)


def test_of_many_rows_some_are_enough(windy, monkeypatch):
    archive, _ = windy
    backgrounds = Backgrounds.of(archive)
    whole = Variation.of(archive, backgrounds)
    monkeypatch.setattr(module, "MOST_ROWS", N // 2)
    some = Variation.of(archive, backgrounds)
    assert some.covariance[0, 0] == pytest.approx(whole.covariance[0, 0], rel=0.4)
    assert not np.array_equal(some.covariance, whole.covariance)


def test_short_clips_do_not_take_the_places_of_long_recordings(windy, monkeypatch):
    archive, _ = windy
    alone = Variation.of(archive, Backgrounds.of(archive))
    add_clips(archive, [f"{number}.wav" for number in range(3 * N)], seed=1)
    monkeypatch.setattr(module, "MOST_ROWS", N)
    among_clips = Variation.of(archive, Backgrounds.of(archive))
    np.testing.assert_array_equal(among_clips.covariance, alone.covariance)


def test_few_rows_say_too_little(windy, monkeypatch):
    archive, _ = windy
    monkeypatch.setattr(module, "FEWEST_ROWS", N + 1)
    variation = Variation.of(archive, Backgrounds.of(archive))
    query = make_vectors(1)[0]
    np.testing.assert_allclose(SHRINKAGE * variation.discounted(query), query, rtol=1e-5)


def test_that_of_a_large_archive_is_stored_until_rows_come(windy, monkeypatch):
    archive, _ = windy
    backgrounds = Backgrounds.of(archive)
    computed = variation_of(archive, backgrounds)
    assert not (archive.path / FILE).exists()
    monkeypatch.setattr(stored_arrays, "FEWEST_ROWS", 1)
    for _ in range(2):
        stored = variation_of(archive, backgrounds)
        np.testing.assert_array_equal(stored.covariance, computed.covariance)
    assert (archive.path / FILE).exists()
    add_clips(archive, ["new.wav"], n_windows=60)
    for known in (backgrounds, Backgrounds.of(archive)):
        assert len(variation_of(archive, known).ids) == len(known.ids)


def test_what_is_of_replaced_rows_is_not_stored(windy, monkeypatch):
    """There are as many rows as before, and a search may have begun before they were replaced."""
    archive, _ = windy
    monkeypatch.setattr(stored_arrays, "FEWEST_ROWS", 1)
    backgrounds = Backgrounds.of(archive)
    add_clips(archive, ["long.wav"], seed=1, n_windows=N, recording="new")
    with archive.writer():
        pass  # deletes the rows of before
    assert archive.count() == len(backgrounds.ids)
    variation_of(archive, backgrounds)
    now = Backgrounds.of(archive)
    expected = Variation.of(archive, now)
    np.testing.assert_array_equal(variation_of(archive, now).covariance, expected.covariance)
    assert (archive.path / FILE).exists()


def test_a_direction_counts_less_the_more_the_background_varies_along_it():
    variances = np.array([100.0, 1.0, 1.0, 2.0], np.float32)
    variation = Variation(np.arange(3), np.diag(variances))
    query = variation.discounted(np.ones(4, np.float32))
    np.testing.assert_allclose(query, 1 / (variances / 26 + SHRINKAGE), rtol=1e-5)
    assert (np.diff(query[[0, 3, 1]]) > 0).all()
    still = Variation(np.arange(3), np.zeros((4, 4), np.float32))
    nothing = still.discounted(np.ones(4, np.float32))
    np.testing.assert_allclose(nothing, nothing[0])
