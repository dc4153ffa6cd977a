"""How windows vary around their backgrounds, and queries in which that counts less."""

import numpy as np
import pandas as pd
import pytest
from archives import DIM, make_records, make_rows, make_vectors

from soundalike.archive import variation as module
from soundalike.archive.backgrounds import Backgrounds
from soundalike.archive.head import Head
from soundalike.archive.variation import SHRINKAGE, discounted, variation
from soundalike.archive.window_archive import WindowArchive

N = 120


@pytest.fixture(scope="module")
def windy(tmp_path_factory):
    """An archive of a recording of two minutes that varies along one axis, and of a clip."""
    archive = WindowArchive.create(tmp_path_factory.mktemp("windy") / "archive", Head(DIM, "m"))
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
    covariance = variation(archive, Backgrounds.of(archive))
    np.testing.assert_allclose(covariance, expected, rtol=1e-4, atol=1e-3)


def test_of_many_rows_some_are_enough(windy, monkeypatch):
    archive, _ = windy
    backgrounds = Backgrounds.of(archive)
    whole = variation(archive, backgrounds)
    monkeypatch.setattr(module, "MOST_ROWS", N // 2)
    some = variation(archive, backgrounds)
    assert some[0, 0] == pytest.approx(whole[0, 0], rel=0.4)
    assert not np.array_equal(some, whole)


def test_a_direction_counts_less_the_more_the_background_varies_along_it():
    covariance = np.diag([100.0, 1.0, 1.0, 2.0])
    query = discounted(np.ones(4, np.float32), covariance)
    mean = 104 / 4
    expected = 1 / (np.diag(covariance) / mean + SHRINKAGE)
    np.testing.assert_allclose(query, expected, rtol=1e-5)
    assert (np.diff(query[[0, 3, 1]]) > 0).all()
    nothing = discounted(np.ones(4, np.float32), np.zeros((4, 4)))
    np.testing.assert_allclose(nothing, nothing[0])
